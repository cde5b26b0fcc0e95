"""Texts that break what is not careful."""

HOSTILE = [
    "<script>alert('x')</script>",
    "</script><!-- ${x} {{ 7*7 }} {% raw %}",
    "tab\tnewline\n\n  spaces  ",
    " ",
    "\r\n carriage \r returns",
    "\u202eright to left\u200f\u200b\ufeff",
    "👩🏽‍🚀 e\u0301 \U0010ffff",
    "'; DROP TABLE messages; --",
    "null\x00byte \x1b[31m",
    "x" * 10_000,
    "🎉" * 10_000,
    "\u2028\u2029",
]
