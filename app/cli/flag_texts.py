"""Members of a mapping, as answers of the API name them, written as the flags of commands."""

import re

_NAMES = (
    "kind_rule|value|group_by|time_zone|decimal_comma|grouping|create_missing|update|skip_lines|delimiter"
    "|encoding|format|keep_history"
)
_MEMBER = re.compile(
    rf"(?<![\w-])(?:(?P<name>{_NAMES})=(?P<value>\S+?)(?=[.,;:]?(?:\s|$))"
    r"|date_format=(?P<dates>.+?)(?= reads ))"
)
_SWITCHES = {("decimal_comma", "false"): "--decimal-point", ("create_missing", "false"): "--refuse-missing"}
_TO_QUOTE = re.compile(r"[<>^*%|;&~ ]")


def as_flags(sentence: str) -> str:
    """Write the members of a mapping in a sentence as flags.

    >>> as_flags("Say decimal_comma=true, or kind_rule=amount<0:refund.")
    'Say --decimal-comma, or --kind-rule "amount<0:refund".'
    """
    return _MEMBER.sub(_as_flag, sentence).replace("with date_format:", "with --date-format:")


def _as_flag(match: re.Match[str]) -> str:
    name, value = (match["name"], match["value"]) if match["name"] else ("date_format", match["dates"])
    if value in ("true", "false"):
        switch = f"--{'' if value == 'true' else 'no-'}{name.replace('_', '-')}"
        return _SWITCHES.get((name, value), switch)
    quoted = f'"{value}"' if _TO_QUOTE.search(value) else value
    return f"--{name.replace('_', '-')} {quoted}"
