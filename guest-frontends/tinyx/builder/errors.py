# SPDX-License-Identifier: BSD-2-Clause
"""The one error that people see, and how names are shown to them."""


def shown(text):
    """A name that may hold anything, on one line."""
    text = str(text)
    if text.isprintable():
        return text
    return text.encode("unicode_escape", "backslashreplace").decode("ascii")


class TinyxError(Exception):
    """What failed: object, reason, and what helps."""

    def __init__(self, what, reason, remedy=""):
        super().__init__(what, reason, remedy)
        self.what, self.reason, self.remedy = what, reason, remedy

    def __str__(self):
        text = f"{shown(self.what)}: {shown(self.reason)}"
        return f"{text} ({shown(self.remedy)})" if self.remedy else text
