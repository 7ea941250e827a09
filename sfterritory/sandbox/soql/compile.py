"""A query's syntax tree as SQL, and how its rows become records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfterritory.sandbox.soql.ability import is_long_text
from sfterritory.sandbox.soql.child import ChildRelationship, find_child
from sfterritory.sandbox.soql.compiled import ChildQuery, Compiled, Node, Output
from sfterritory.sandbox.soql.condition import ConditionWriter
from sfterritory.sandbox.soql.function import Functions, is_date_function
from sfterritory.sandbox.soql.group import GroupCompiler, is_aggregate
from sfterritory.sandbox.soql.ordering import order_sql, orderings, sortable, window_sql
from sfterritory.sandbox.soql.record_scope import record_scopes
from sfterritory.sandbox.soql.refusal import (
    SoqlError,
    invalid_field,
    malformed,
    too_complicated,
    unexpected,
    unknown_child_relationship,
    unknown_object,
)
from sfterritory.sandbox.soql.scope import Column, Parent, Scope, part_sql
from sfterritory.sandbox.soql.tree import (
    Call,
    Children,
    Item,
    Ordering,
    Path,
    Query,
    Selected,
    TypeOf,
    first_place,
)

if TYPE_CHECKING:
    from sfterritory.sandbox.org_schema import OrgSchema
    from sfterritory.sandbox.schema import FieldDef, ObjectDef
    from sfterritory.sandbox.soql.bind import SqlValue
    from sfterritory.sandbox.soql.terms import Terms

MAX_CHILD_QUERIES = 20
MAX_CHILD_LEVELS = 4  # below the query itself
MAX_COLUMNS = 1900  # SQLite takes 2,000
MAX_ORDERINGS = 32
_FIELD_GROUPS = frozenset({"all", "standard", "custom"})


def compile_query(query: Query, schema: OrgSchema, terms: Terms) -> Compiled:
    """Return the SQL of a query over what the schema shows.

    Raises:
        SoqlError: A name in it does not exist, a literal does not fit, or clauses contradict.
    """
    try:
        path = query.object_path
        described = schema.find(path.parts[-1]) if len(path.parts) == 1 else None
        if described is None:
            raise unknown_object(str(path), path.at)
        return _compiled(query, described, schema, terms, link=None, level=0)
    except SoqlError as error:
        raise error.shown_in(query.text) from error


def _compiled(
    query: Query,
    described: ObjectDef,
    schema: OrgSchema,
    terms: Terms,
    *,
    link: FieldDef | None,
    level: int,
) -> Compiled:
    """Return a query, or a sub-query whose records hang on a parent by the lookup `link`."""
    alias = query.sources[0].alias
    scope = Scope(described, schema=schema, prefix=f"{'c' * level}t", alias=alias)
    for source in query.sources[1:]:
        scope.name_parent(source.path, source.alias)
    compiler = _Compiler(query, scope, terms, level=level)
    if compiler.is_grouped:
        if link is not None:
            at = query.object_path.at
            raise malformed("Aggregate functions are not allowed in a sub-query", at)
        where, params = compiler.where()
        return GroupCompiler(query, scope, terms).compiled(where, params)
    return compiler.compiled(link)


@dataclass(slots=True)
class _Compiler:
    """Collects select list, joins and values of one query of records."""

    query: Query
    scope: Scope
    terms: Terms
    level: int
    columns: list[str] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    children: list[ChildQuery] = field(default_factory=list)
    nodes: dict[tuple[str, ...], Node] = field(default_factory=dict)
    seen: set[tuple[str, ...]] = field(default_factory=set)
    unnamed: int = 0

    @property
    def is_grouped(self) -> bool:
        """Whether its rows are groups of records."""
        return self.query.group_by is not None or any(
            isinstance(item, Selected)
            and isinstance(item.operand, Call)
            and (is_aggregate(item.operand) or is_date_function(item.operand))
            for item in self.query.items
        )

    def compiled(self, link: FieldDef | None) -> Compiled:
        query = self.query
        if query.having is not None:
            raise unexpected("HAVING", first_place(query.having))
        root = self._node(self.scope.root)
        for item in query.items:
            self._select(item, root)
        if len(self.columns) > MAX_COLUMNS:
            raise too_complicated()
        where, params = self.where()
        order = ", ".join([*self._order(), f"{self.scope.root.alias}._row"])
        window = "" if link is not None else window_sql(query)
        if "UPDATE" in query.purposes and query.order_by:
            raise malformed("ORDER BY is not allowed with FOR UPDATE", query.object_path.at)
        return Compiled(
            described=self.scope.root.described,
            outputs=tuple(self.outputs),
            columns=tuple(self.columns),
            root=root,
            children=tuple(self.children),
            from_sql=self.scope.from_sql,
            where_sql=where,
            order_sql=order,
            window_sql=window,
            params=params,
            root_alias=self.scope.root.alias,
            link_sql="" if link is None else self.scope.column(Path((link.name,))).sql,
            limit=query.limit,
            offset=query.offset,
            purposes=frozenset(query.purposes),
            has_long_text=any(one.field and is_long_text(one.field) for one in self.outputs),
            has_typeof=any(isinstance(item, TypeOf) for item in query.items),
            has_all_fields=any(_is_unbounded(item) for item in query.items),
        )

    def where(self) -> tuple[str, tuple[SqlValue, ...]]:
        """Return the conditions on records, deleted ones and scope included, and their values."""
        query, root = self.query, self.scope.root
        writer = ConditionWriter(self.scope, self.terms)
        parts = []
        if not self.terms.deleted_too and root.described.has("IsDeleted"):
            parts.append(f"{root.alias}.IsDeleted = 0")
        if query.scope is not None:
            parts.append(self._scope_sql(query.scope))
        if query.where is not None:
            parts.append(writer.write(query.where))
        return " AND ".join(parts) or "1", tuple(writer.params)

    def _scope_sql(self, word: str) -> str:
        root = self.scope.root
        found = record_scopes(self.scope.schema, root.described).get(word.lower())
        if found is None:
            raise malformed(
                f"scope '{word}' is not supported for {root.described.name}",
                self.query.object_path.at,
            )
        user_id = self.terms.user_id if self.terms.user_id.isalnum() else ""
        return found[1].format(alias=root.alias, user=user_id)

    def _select(self, item: Selected | Children | TypeOf, root: Node) -> None:
        if isinstance(item, Children):
            self._select_children(item, root)
        elif isinstance(item, TypeOf):
            self._select_typeof(item)
        elif isinstance(item.operand, Path):
            if item.alias is not None:
                raise malformed("only aggregate expressions use field aliasing", item.operand.at)
            self._place(self.scope.column(item.operand), at=item.operand.at)
        elif item.operand.name.lower() == "fields":
            self._select_fields(item.operand)
        else:
            self._select_call(item.operand, item.alias)

    def _select_call(self, call: Call, alias: str | None) -> None:
        column = Functions(self.scope, self.terms).selected(call)
        if alias is None and call.name.lower() == "distance":
            alias = f"expr{self.unnamed}"
            self.unnamed += 1
        self._place(column, at=call.at, name=alias)

    def _select_fields(self, call: Call) -> None:
        group = str(call.arguments[0]).lower() if len(call.arguments) == 1 else ""
        if group not in _FIELD_GROUPS:
            raise unexpected(str(call), call.at)
        limit, most = self.query.limit, self.terms.fields_all_most_rows
        if group != "standard" and most and (limit is None or limit > most):
            raise malformed(
                f"The SOQL FIELDS function must have a LIMIT of at most {most}", call.at
            )
        for one in self.scope.root.described.fields:
            if group == "all" or one.custom == (group == "custom"):
                self._place(self.scope.column(Path((one.name,), call.at)), at=call.at)

    def _place(self, column: Column, *, at: int, name: str | None = None) -> None:
        """Select a column, under the record that holds it or under a name of its own."""
        parent = column.parent
        path = (*parent.path, column.field.name) if name is None else (name,)
        if path in self.seen:
            raise invalid_field(f"duplicate field selected: {'.'.join(path)}", at)
        self.seen.add(path)
        node = self._node(parent) if name is None else self.nodes[()]
        output = Output(path, column.field, parent, len(self.columns))
        node.entries[path[-1]] = output
        self.outputs.append(output)
        self._add_columns(column)

    def _add_columns(self, column: Column) -> None:
        if column.field.stored:
            self.columns.append(column.sql)
            return
        self.columns += [part_sql(column, name) for _, name in column.field.components]

    def _node(self, parent: Parent) -> Node:
        """Return the place of a record in the answer, hung under its child where it is new."""
        node = self.nodes.get(parent.path)
        if node is None:
            node = Node(parent.described, len(self.columns), {})
            self.nodes[parent.path] = node
            self.columns.append(f"{parent.alias}.Id")
            if parent.path and ":" not in parent.path[-1]:
                above = self.scope.parent_at(parent.path[:-1])
                self._node(above).entries[parent.path[-1]] = node
        return node

    def _select_typeof(self, item: TypeOf) -> None:
        alternatives = []
        for object_name, paths in item.cases:
            parent = self.scope.narrowed(item.relationship, object_name)
            alternatives.append(self._node(parent))
            for path in paths:
                self._place(self.scope.column(path, start=parent), at=path.at)
        rest = self.scope.column(Path((*item.relationship.parts, "Id"), item.relationship.at))
        otherwise = Node(rest.parent.described, len(self.columns), {})
        self.columns.append(rest.sql)
        for path in item.otherwise:
            column = self.scope.column(path, start=rest.parent)
            if column.parent is not rest.parent:
                raise unexpected(str(path), path.at)
            otherwise.entries[column.field.name] = Output(
                (*rest.parent.path, column.field.name),
                column.field,
                column.parent,
                len(self.columns),
            )
            self._add_columns(column)
        holder = self._node(self.scope.parent_at(rest.parent.path[:-1]))
        key = rest.parent.path[-1]
        if key in holder.entries:
            raise invalid_field(
                f"duplicate field selected: {item.relationship}", item.relationship.at
            )
        holder.entries[key] = (*alternatives, otherwise)

    def _select_children(self, item: Children, root: Node) -> None:
        path = item.query.object_path
        if self.level >= MAX_CHILD_LEVELS:
            raise malformed(
                f"SOQL queries cannot be nested more than {MAX_CHILD_LEVELS + 1} levels", path.at
            )
        if len(self.children) >= MAX_CHILD_QUERIES:
            raise malformed(f"A query can have at most {MAX_CHILD_QUERIES} sub-queries", path.at)
        relationship = self._child_relationship(path)
        if item.query.offset and self.query.limit != 1:
            raise malformed("OFFSET in a sub-query needs a parent query with LIMIT 1", path.at)
        compiled = _compiled(
            item.query,
            relationship.child,
            self.scope.schema,
            self.terms,
            link=relationship.field,
            level=self.level + 1,
        )
        name = str(relationship.name)
        if name in root.entries:
            raise invalid_field(f"duplicate relationship selected: {name}", path.at)
        root.entries[name] = len(self.children)
        self.children.append(ChildQuery(name, compiled))

    def _child_relationship(self, path: Path) -> ChildRelationship:
        described = self.scope.root.described
        *above, name = path.parts
        found = find_child(self.scope.schema, described, name)
        own = {described.name.lower(), (self.query.sources[0].alias or described.name).lower()}
        if found is None or len(above) > 1 or (above and above[0].lower() not in own):
            raise unknown_child_relationship(str(path), path.at)
        return found

    def _order(self) -> list[str]:
        return [order_sql(self._sorted(one), one) for one in orderings(self.query)]

    def _sorted(self, one: Ordering) -> Column:
        operand = one.operand
        if isinstance(operand, Path):
            return sortable(self.scope, operand)
        if operand.name.lower() == "distance":
            return Functions(self.scope, self.terms).distance(operand)
        raise unexpected(operand.name, operand.at)


def _is_unbounded(item: Item) -> bool:
    """Whether it stands for whatever fields there are: FIELDS(ALL), FIELDS(CUSTOM)."""
    if not isinstance(item, Selected) or not isinstance(item.operand, Call):
        return False
    call = item.operand
    return call.name.lower() == "fields" and str(call.arguments[0]).lower() != "standard"
