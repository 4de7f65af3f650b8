"""A query's commands, one after the other, as one SELECT over another."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from shop.console.insights.errors import InsightsError
from shop.console.insights.expressions import Compiler, condition
from shop.console.insights.grammar import MAX_LIMIT
from shop.console.insights.sql import Sql, Words, number, pointer, text
from shop.console.insights.tree import (
    Command,
    Dedup,
    Display,
    Field,
    Fields,
    Filter,
    Item,
    Limit,
    Parse,
    Sort,
    Stats,
)

__all__ = ["Column", "Plan", "Stage", "planned"]

SPECIAL: dict[str, Sql] = {
    "@timestamp": Sql("time", "time"),
    "@message": Sql("message", "text"),
    "@log": Sql("log", "text"),
    "@logstream": Sql("stream", "text"),
    "@ingestiontime": Sql("ingested", "time"),
    "@ptr": Sql("CAST(id AS VARCHAR)", "text"),
}
LARGE = 1000  # characters of SQL: what is longer becomes a column before it is used
MAX_SPLITS = 4  # of a name with dots: each could be a key of its own, or within another


COLUMNS = {"event": "event", "http.route": "route", "duration_ms": "duration"}  # fields that most queries ask for


@dataclass(slots=True)
class Scope:
    """The names of a stage: those that the query has made, and, until stats, the fields of a line."""

    words: Words
    made: dict[str, Sql] = field(default_factory=dict)
    lines: bool = True

    def reads(self, name: str) -> bool:
        """Whether the name is a field of the line, and nothing that the query has made."""
        return self.lines and name not in self.made

    @property
    def time(self) -> str | None:
        """The time of a line."""
        made = self.made.get("@timestamp")
        if made is not None and made.kind == "time":
            return made.code
        return "time" if self.lines else None

    def written(self, text: str) -> Sql | None:
        """A result of stats without a name of its own."""
        return None if self.lines else self.made.get(text)

    def field(self, field: Field) -> Sql:
        """A name that was made, a part of one that is JSON, or a field of the line."""
        if field.name in self.made:
            return self.made[field.name]
        for size in range(len(field.parts) - 1, 0, -1):
            owner = self.made.get(".".join(field.parts[:size]))
            if owner is not None and owner.kind == "json":
                path = self.words.parameter(pointer(field.parts[size:]))
                return Sql(f"json_extract({owner.code}, {path})", "json", f"json_extract_string({owner.code}, {path})")
        if not self.lines:
            raise InsightsError(f"{field.text} is not among the results of stats", field.at)
        return SPECIAL.get(field.name.lower()) or self.of_line(field)

    def of_line(self, field: Field) -> Sql:
        """What a line's fields have under the name: keys can hold dots, and objects and lists be within."""
        column = COLUMNS.get(field.name)
        paths = [pointer(parts) for parts in readings(field.parts)]
        likely = None if column else paths[0]
        json = first_there([self.words.path(path, text=False, likely=path is likely) for path in paths])
        plain = first_there([self.words.path(path, text=True, likely=path is likely) for path in paths])
        if column == "duration":
            as_text = f"coalesce({text(Sql(column, 'number'))}, {plain})"
            as_number = f"coalesce({column}, TRY_CAST({plain} AS DOUBLE))"
            return Sql(f"coalesce(to_json({column}), {json})", "json", as_text, as_number=as_number)
        if column:
            return Sql(f"coalesce({column}, {plain})", "text")
        return Sql(json, "json", plain)


def first_there(codes: Sequence[str]) -> str:
    """The first of these that is there."""
    return codes[0] if len(codes) == 1 else f"coalesce({', '.join(codes)})"


def readings(parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The ways to read a name with dots, as one key first; of a long one, as one key or as all levels."""
    if len(parts) > MAX_SPLITS:
        return [(".".join(parts),), parts]
    found: list[tuple[str, ...]] = [(parts[0],)]
    for part in parts[1:]:
        joined = [(*each[:-1], f"{each[-1]}.{part}") for each in found]
        found = joined + [(*each, part) for each in found]
    return sorted(found, key=len)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the answer."""

    name: str
    value: Sql


Order: TypeAlias = tuple[str, str]  # an expression, and which way


@dataclass(slots=True)
class Stage:
    """A SELECT that is not written yet."""

    source: str
    scope: Scope
    conditions: list[str] = field(default_factory=list)
    order: list[Order] = field(default_factory=list)
    limit: int | None = None
    dedup: list[str] = field(default_factory=list)
    shown: list[Item] = field(default_factory=list)
    displayed: list[Item] | None = None
    parsed: list[Item] = field(default_factory=list)
    grouped: bool = False

    @property
    def ends(self) -> bool:
        """What follows must not change which rows these are."""
        return self.limit is not None or bool(self.dedup)


@dataclass(frozen=True, slots=True)
class Plan:
    """The SELECT that gives the rows, its columns, and the one that counts the lines that matched; None: all.

    `counts`: the last column of each row is that count already. `chosen`: without a row it is 0.
    """

    columns: list[Column]
    rows: str
    matched: str | None
    counts: bool = False
    chosen: bool = False


class Planner:
    """Takes the commands in their order."""

    def __init__(self, words: Words, now: int) -> None:
        self.words, self.now = words, now
        self.stage = Stage(LINES, Scope(words))
        self.matched: str | None = None  # counts the lines that matched, if there were filters
        self.counted = False
        self.groups = ""  # what comes before SELECT
        self.settled = False  # conditions have become part of a source
        self.names = 0

    def compiler(self, *, aggregating: bool = False) -> Compiler:
        """For expressions at this place."""
        return Compiler(self.stage.scope, self.words, self.now, aggregating=aggregating)

    def take(self, command: Command) -> None:
        """One more command."""
        match command:
            case Fields(items):
                self.define(items)
                self.stage.shown += items
            case Display(items):
                self.define(items)
                self.stage.displayed = list(items)
            case Filter(expr):
                self.close_if(self.stage.ends)
                self.stage.conditions.append(condition(self.compiler().compile(expr)))
            case Parse():
                self.parse(command)
            case Stats():
                self.aggregate(command)
            case Sort(keys):
                self.close_if(self.stage.ends)
                self.stage.order = [key for expr, down in keys for key in self.sort_keys(expr, descending=down)]
            case Limit(count):
                self.stage.limit = min(count, self.stage.limit or count)
            case Dedup(keys):
                self.close_if(self.stage.ends)
                self.stage.dedup = [text(self.compiler().compile(key)) for key in keys]

    def define(self, items: Sequence[Item]) -> None:
        """New fields, or new names of old ones."""
        for item in items:
            if not isinstance(item.expr, Field) or item.expr.name != item.name:
                self.stage.scope.made[item.name] = self.compiler().compile(item.expr)
                self.settle_if(len(self.stage.scope.made[item.name].code) > LARGE)
            elif not self.stage.scope.lines:
                self.stage.scope.field(item.expr)

    def parse(self, command: Parse) -> None:
        """A field for each group; none of them where the pattern does not match."""
        source = text(self.compiler().compile(command.source))
        pattern = self.words.parameter(command.pattern)
        for number_, name in command.groups:
            found = (
                f"CASE WHEN regexp_matches({source}, {pattern}) THEN regexp_extract({source}, {pattern}, {number_}) END"
            )
            self.stage.scope.made[name] = Sql(found, "text")
            self.stage.parsed.append(Item(Field((name,), name, command.at), name))
        # What parses its results, and what parses those, would double with each.
        self.settle_if(len(source) > LARGE)

    def sort_keys(self, expr: object, *, descending: bool) -> list[Order]:
        """As AWS sorts: text before numbers, digits within text by their value; what is not there comes last."""
        try:
            given = self.compiler().compile(expr)  # type: ignore[arg-type]
        except InsightsError:
            if isinstance(expr, Field) and not self.stage.scope.lines and expr.name.startswith("@"):
                return []  # such as @timestamp after stats, which AWS passes over
            raise
        way = "DESC" if descending else "ASC"
        if given.kind in ("number", "time", "bool"):
            return [(given.code, f"{way} NULLS LAST")]
        as_text, as_number = text(given), number(given)
        return [
            (f"({as_text} IS NULL)", "ASC"),
            (f"({as_number} IS NOT NULL)", way),
            (as_number, way),
            (f"CASE WHEN {as_number} IS NULL THEN {natural(as_text)} END", way),
        ]

    def close_if(self, needed: bool) -> None:
        """Makes what there is the source of a new stage, with all its names: what follows changes only what it left."""
        if not needed:
            return
        self.count_matched()
        place = self.alias()
        rows = select(self.stage, self.columns_made(), None)
        self.renew(f"(SELECT *, row_number() OVER () AS {place} FROM ({rows}))", [(place, "ASC")])  # noqa: S608 - compiled pieces

    def settle_if(self, needed: bool) -> None:
        """Makes columns of what was computed, so that it is not written again wherever it is used."""
        if not needed:
            return
        stage, place = self.stage, self.alias()
        self.settled = self.settled or bool(stage.conditions)
        columns = self.columns_made()
        if stage.order:
            columns.append(f"row_number() OVER (ORDER BY {written(ordering(stage))}) AS {place}")
        source = f"(SELECT {', '.join(columns)} FROM {stage.source}{where(stage)})"  # noqa: S608 - compiled pieces
        self.renew(source, [(place, "ASC")] if stage.order else [])

    def columns_made(self) -> list[str]:
        """All that the names of the stage stand for, each as a column, which they stand for from now on."""
        scope = self.stage.scope
        columns = ["*"] if scope.lines else []
        for name, value in scope.made.items():
            alias = self.alias()
            columns.append(f"{value.code} AS {alias}")
            scope.made[name] = replace(value, code=alias, as_text=None, as_number=None)
        return columns

    def renew(self, source: str, order: list[Order]) -> None:
        """A new stage with the names of the one before."""
        self.stage = replace(self.stage, source=source, order=order, conditions=[], limit=None, dedup=[])

    def count_matched(self) -> None:
        """Remembers how to count the lines that the filters let through, before anything else becomes of them."""
        if not self.counted and (self.stage.conditions or self.settled):
            self.matched = f"SELECT count(*) FROM {self.stage.source}{where(self.stage)}"  # noqa: S608 - compiled pieces
        self.counted = True

    def alias(self) -> str:
        """A name for a column, which no field can have."""
        self.names += 1
        return f"c{self.names}"

    def aggregate(self, command: Stats) -> None:
        """The lines, or the rows of other stats, as groups."""
        self.close_if(self.stage.ends)
        stage = self.stage
        by = [(item.name, self.compiler().compile(item.expr)) for item in command.by]
        items = [(item.name, self.compiler(aggregating=True).compile(item.expr)) for item in command.items]
        made, columns = {}, []
        for name, value in [*by, *items]:
            alias = self.alias()
            columns.append(f"{value.code} AS {alias}")
            made[name] = Sql(alias, value.kind)
        keys = [column.rpartition(" AS ")[2] for column in columns[: len(by)]]
        group = f" GROUP BY {', '.join(keys)}" if keys else ""
        source = f"(SELECT {', '.join(columns)} FROM {stage.source}{where(stage)}{group})"  # noqa: S608 - compiled
        if not self.counted:
            source = self.counting_groups(source)
        self.count_matched()
        shown = [Item(Field((name,), name, command.at), name) for name, _ in [*by, *items]]
        self.stage = Stage(source, Scope(self.words, made, lines=False), shown=shown, grouped=True)

    def counting_groups(self, source: str) -> str:
        """The groups under a name, each with how many lines it is made of: their sum is what matched."""
        counted = source.removeprefix("(SELECT ")
        self.groups = f"WITH groups AS MATERIALIZED (SELECT count(*) AS matched, {counted} "
        return "groups"

    def plan(self) -> Plan:
        """The statements."""
        stage = self.stage
        items = stage.displayed or [*stage.shown, *(each for each in stage.parsed if stage.scope.lines)]
        if not items:
            items = [Item(Field((name,), name, 0), name) for name in ("@timestamp", "@message")]
        elif not stage.displayed and not stage.shown:
            items = [*(Item(Field((name,), name, 0), name) for name in ("@timestamp", "@message")), *items]
        columns = [Column(name, self.shown(item)) for name, item in {item.name: item for item in items}.items()]
        codes = [column.value.code for column in columns]
        if stage.source == LINES:
            return Plan(columns, chosen_first(stage, codes), None, counts=bool(stage.conditions), chosen=True)
        self.count_matched()
        if self.groups and self.matched:
            codes.append("(SELECT sum(matched) FROM groups)")
        return Plan(
            columns, self.groups + select(stage, codes, MAX_LIMIT), self.matched, counts=len(codes) > len(columns)
        )

    def shown(self, item: Item) -> Sql:
        """The value of a column: what was made under its name, else the field."""
        made = self.stage.scope.made.get(item.name)
        return made if made is not None else self.compiler().compile(item.expr)


LINES = "\x03lines\x03"  # stands for the lines of the time asked for
CHOSEN = "\x03chosen\x03"  # for those among them whose id is in `chosen`


def planned(commands: Sequence[Command], words: Words, now: int) -> Plan:
    """The statements of a query."""
    planner = Planner(words, now)
    for command in commands:
        planner.take(command)
    return planner.plan()


def where(stage: Stage) -> str:
    """The conditions."""
    return f" WHERE {' AND '.join(stage.conditions)}" if stage.conditions else ""


def select(stage: Stage, columns: Sequence[str], most: int | None) -> str:
    """The stage as SQL: newest first if no other order is asked for; results of stats by their groups."""
    order = ordering(stage)
    unique = first_of_each(stage.dedup, written(order_within(order)))
    ordered = f" ORDER BY {written(order)}"
    counts = [count for count in (stage.limit, most) if count is not None]
    limit = f" LIMIT {min(counts)}" if counts else ""
    what = f"SELECT {', '.join(columns)} FROM {stage.source}"  # noqa: S608 - compiled pieces
    return f"{what}{where(stage)}{unique}{ordered}{limit}"


def ordering(stage: Stage) -> list[Order]:
    """What rows are ordered by: lines that are equal by that, the newest first."""
    tie = [("time", "DESC"), ("id", "DESC")] if stage.scope.lines else [] if stage.order else [("ALL", "")]
    return [*stage.order, *tie]


def first_of_each(keys: Sequence[str], order: str) -> str:
    """The condition that dedup is: the first of each combination, and all that lack one of the fields."""
    if not keys:
        return ""
    missing = " OR ".join(f"({key}) IS NULL" for key in keys)
    return f" QUALIFY {missing} OR row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY {order}) = 1"


def order_within(order: Sequence[Order]) -> list[Order]:
    """An order for a window, which knows no ALL."""
    return [("1", "") if each == ("ALL", "") else each for each in order]


def written(order: Sequence[Order]) -> str:
    """An order as it stands after ORDER BY."""
    return ", ".join(f"{expr} {way}" for expr, way in order)


def chosen_first(stage: Stage, columns: Sequence[str]) -> str:
    """The stage in two steps: which lines, by what decides that alone, then what is shown of them.

    What a line has besides is read for those that are shown only. With conditions, the last column is how many matched.
    """
    keys = [(f"k{place}", way) for place, (_, way) in enumerate(stage.order)]
    narrow = ["id", "time", *(f"{expr} AS k{place}" for place, (expr, _) in enumerate(stage.order))]
    narrow += [f"{expr} AS d{place}" for place, expr in enumerate(stage.dedup)]
    order = written([*keys, ("time", "DESC"), ("id", "DESC")])
    unique = first_of_each([f"d{place}" for place in range(len(stage.dedup))], order)
    count = ["(SELECT count(*) FROM matching)"] if stage.conditions else []
    kind = "MATERIALIZED" if stage.conditions else "NOT MATERIALIZED"
    matching = f"SELECT {', '.join(narrow)} FROM {stage.source}{where(stage)}"  # noqa: S608 - compiled pieces
    best = f"SELECT id FROM matching{unique} ORDER BY {order} LIMIT {stage.limit or MAX_LIMIT}"  # noqa: S608 - ditto
    shown = f"SELECT {', '.join([*columns, *count])} FROM {CHOSEN}"  # noqa: S608 - compiled pieces
    lists = f"WITH matching AS {kind} ({matching}), chosen AS MATERIALIZED ({best})"
    return f"{lists} {shown} ORDER BY {written(ordering(stage))}"


def natural(as_text: str) -> str:
    """A key by which text sorts with the digits in it by their length, then by their value."""
    pieces = f"regexp_extract_all({as_text}, '[0-9]+|[^0-9]+')"
    longer = "concat('0', lpad(CAST(length(piece) AS VARCHAR), 4, '0'), piece)"
    padded = f"lambda piece: CASE WHEN piece[1] BETWEEN '0' AND '9' THEN {longer} ELSE piece END"
    return f"array_to_string(list_transform({pieces}, {padded}), '')"
