# SPDX-License-Identifier: BSD-2-Clause
#
# For scripts that run in the lab's dom0:  . /lab/lib.sh
#
#   lab_bridge NAME [ADDRESS/PREFIX]   make a bridge and set it up
#   lab_start_xenstore                 xenstored, dom0's records, xenconsoled
