# SPDX-License-Identifier: BSD-2-Clause
"""Images of Linux guests: a program, what it needs, and nothing else."""
