"""Conditions of WHERE, as expressions of DynamoDB's API."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from localprocs.dynamodb.partiql.words import Attribute, InvalidStatement, Words

_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_FUNCTIONS = {"BEGINS_WITH": 2, "CONTAINS": 2, "ATTRIBUTE_TYPE": 2, "ATTRIBUTE_EXISTS": 1, "ATTRIBUTE_NOT_EXISTS": 1}


@dataclass(frozen=True)
class Condition:
    """A condition: what it is about if it is about one attribute, and its operator."""

    text: str
    attribute: str = ""
    operator: str = ""
    value: Attribute | None = None


@dataclass
class Placeholders:
    """Names and values that stand in expressions for themselves."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Attribute] = field(default_factory=dict)

    def name(self, name: str) -> str:
        """Return what stands for an attribute's name."""
        found = next((short for short, known in self.names.items() if known == name), None)
        if found is None:
            found = f"#n{len(self.names)}"
            self.names[found] = name
        return found

    def value(self, value: Attribute) -> str:
        """Return what stands for a value."""
        short = f":v{len(self.values)}"
        self.values[short] = value
        return short

    def used(self, *expressions: str) -> dict[str, dict[str, str] | dict[str, Attribute]]:
        """Return the parameters of a call for those that its expressions use: DynamoDB wants no others."""
        text = " ".join(expressions).replace(",", " ").replace(")", " ").replace(".", " ").replace("[", " ")
        words = set(text.replace("(", " ").split())
        names = {short: name for short, name in self.names.items() if short in words}
        values = {short: value for short, value in self.values.items() if short in words}
        found: dict[str, dict[str, str] | dict[str, Attribute]] = {}
        if names:
            found["ExpressionAttributeNames"] = names
        if values:
            found["ExpressionAttributeValues"] = values
        return found


class Conditions:
    """Reads conditions."""

    def __init__(self, words: Words, placeholders: Placeholders) -> None:
        """Read from these words."""
        self._words = words
        self._places = placeholders

    def conjuncts(self) -> list[Condition]:
        """Read a condition; return those that must all hold."""
        parts = [self._either()]
        while self._words.skip("AND"):
            parts.append(self._either())
        if not self._words.skip("OR"):
            return parts
        others = self._disjunction()
        return [Condition(f"{_all(parts)} OR {others.text}")]

    def path(self) -> tuple[str, str]:
        """Read a path to an attribute; return it, and the attribute's name if it is one of the item itself."""
        name = self._words.name()
        text, is_plain = self._places.name(name), True
        while self._words.peek().text in (".", "["):
            is_plain = False
            if self._words.skip("["):
                text += f"[{self._words.take().text}]"
                self._words.expect("]")
            else:
                self._words.expect(".")
                text += f".{self._places.name(self._words.name())}"
        return text, name if is_plain else ""

    def _disjunction(self) -> Condition:
        return Condition(f"({_all(self.conjuncts())})")

    def _either(self) -> Condition:
        if self._words.skip("NOT"):
            return Condition(f"NOT {self._either().text}")
        if self._words.peek().text == "(":
            self._words.expect("(")
            inner = self.conjuncts()
            self._words.expect(")")
            return inner[0] if len(inner) == 1 and inner[0].attribute else Condition(f"({_all(inner)})")
        return self._one()

    def _one(self) -> Condition:
        word = self._words.peek()
        if word.kind == "word" and word.text.upper() in _FUNCTIONS and self._words.peek(1).text == "(":
            return self._function()
        left, attribute = self._operand()
        if self._words.skip("IS"):
            return self._state(left)
        if self._words.skip("BETWEEN"):
            low, _ = self._operand()
            self._words.expect("AND")
            return Condition(f"{left} BETWEEN {low} AND {self._operand()[0]}", attribute, "BETWEEN")
        is_negated = self._words.skip("NOT")
        if self._words.skip("IN"):
            condition = f"{left} IN ({', '.join(self._several())})"
            return Condition(f"NOT {condition}" if is_negated else condition)
        operator = _COMPARISONS.get(self._words.take().text)
        if operator is None or is_negated:
            raise InvalidStatement("Statement wasn't well formed, can't be processed: an operator expected")
        value = self._words.value() if self._words.has_value() else None
        right = self._places.value(value) if value is not None else self._operand()[0]
        text = f"{left} {operator} {right}"
        if left.startswith("size("):  # moto fails on the size of what is absent, which is of no size
            text = f"(attribute_exists({left.removeprefix('size(')} AND {text})"
        return Condition(text, attribute, operator, value)

    def _several(self) -> Iterator[str]:
        close = "]" if self._words.skip("[") else ")"
        if close == ")":
            self._words.expect("(")
        while not self._words.skip(close):
            yield self._operand()[0]
            if self._words.peek().text != close:
                self._words.expect(",")

    def _state(self, left: str) -> Condition:
        is_negated = self._words.skip("NOT")
        if self._words.skip("MISSING"):
            return Condition(f"attribute_{'' if is_negated else 'not_'}exists({left})")
        self._words.expect("NULL")
        condition = f"attribute_type({left}, {self._places.value({'S': 'NULL'})})"
        return Condition(f"NOT {condition}" if is_negated else condition)

    def _function(self) -> Condition:
        name = self._words.take().text
        self._words.expect("(")
        first, attribute = self._operand()
        operands = [first]
        while self._words.skip(","):
            operands.append(self._operand()[0])
        self._words.expect(")")
        if len(operands) != _FUNCTIONS[name.upper()]:
            raise InvalidStatement(f"Incorrect number of operands for operator or function: {name}")
        return Condition(f"{name.lower()}({', '.join(operands)})", attribute, name.upper())

    def _operand(self) -> tuple[str, str]:
        if self._words.has_value():
            return self._places.value(self._words.value()), ""
        if self._words.peek().text.upper() == "SIZE" and self._words.peek(1).text == "(":
            self._words.take()
            self._words.expect("(")
            path, _ = self.path()
            self._words.expect(")")
            return f"size({path})", ""
        return self.path()


def _all(parts: list[Condition]) -> str:
    return " AND ".join(part.text for part in parts)
