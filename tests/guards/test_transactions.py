"""What is done in a transaction is done to it alone: it may be done again, when a batch falls apart (app.together).

The tests on SQLite run each such function twice, with a rollback between (tests.conftest.Twice); here the code is read: a
function that takes `tx` or a session changes no name from outside itself, no list or dict that it was given, and is given no
iterator, which would be empty the second time.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).parents[2] / "app"
ACTING = {"tx", "session"}
CHANGING = {"add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "remove",
            "setdefault", "update", "put_nowait", "set_result", "create_task", "call_soon", "publish", "unlink", "write",
            "write_text", "write_bytes", "touch"}
COLLECTIONS = ("list[", "dict[", "set[", "deque[", "Mutable", "Counter[", "defaultdict[")
# A cache of what is committed, and can be read again: a key made here is not put there (app.crypto.keyring.MADE).
MAY = {("app/crypto/keyring.py", "self._cache"), ("app/db.py", "call")}
Function = ast.FunctionDef | ast.Lambda


def parameters(function: Function) -> dict[str, str]:
    """Names and annotations; **more is a dict of the call's own."""
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, *([given.vararg] if given.vararg else [])]
    return {one.arg: ast.unparse(one.annotation) if one.annotation else "" for one in every}


def acting(tree: ast.AST) -> Iterator[Function]:
    """Functions whose first or second parameter is the transaction."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)) and ACTING & set(list(parameters(node))[:2]):
            yield node


def own_names(function: Function) -> set[str]:
    """What is bound inside, in functions within it as well."""
    names = {function.args.kwarg.arg} if function.args.kwarg else set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.Lambda)) and node is not function:
            names |= set(parameters(node))
    return names


def root(node: ast.expr) -> str:
    """The name that an expression such as one.other[2].third begins with."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def changed(function: Function) -> Iterator[ast.expr]:
    """What is assigned to, or has a method called that changes it."""
    for node in ast.walk(function):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
            yield node.func.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield ast.Name(node.target.id)


def modules(tree: ast.Module) -> set[str]:
    """Names that were imported: their functions are called, they are not changed."""
    return {alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names}


def faults(path: str, source: str) -> list[str]:
    """Where a function changes what is not its transaction's."""
    tree, found = ast.parse(source), list[str]()
    imported = modules(tree)
    for function in acting(tree):
        here, given = own_names(function) | imported, parameters(function)
        for node in ast.walk(function):
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                found.append(f"{path}:{node.lineno} {', '.join(node.names)}")
        for what in changed(function):
            name, words = root(what), ast.unparse(what)
            if not name or name in ACTING or (path, words) in MAY or (path, name) in MAY:
                continue
            a_collection = name == words and given.get(name, "").startswith(COLLECTIONS)
            if a_collection or (name not in here and name not in given) or name == "self":
                found.append(f"{path}:{function.lineno} {words}")
    return found + [f"{path}:{node.lineno} is given an iterator" for node in given_iterators(tree)]


def given_iterators(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls of Database.write with something that is empty the second time."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("write", "write_sync"):
            for each in [*node.args, *(keyword.value for keyword in node.keywords)]:
                if isinstance(each, ast.GeneratorExp) or (isinstance(each, ast.Call) and ast.unparse(each.func) in (
                        "map", "filter", "zip", "iter", "reversed", "enumerate")):
                    yield node


def test_what_acts_in_a_transaction_changes_nothing_else() -> None:
    found = [fault for path in sorted(APP.rglob("*.py"))
             for fault in faults(path.relative_to(APP.parent).as_posix(), path.read_text())]
    assert found == []


def test_the_guard_sees_what_it_is_for() -> None:
    """Each of these would do something twice."""
    wrong = ("sent = []\ndef f(tx):\n    sent.append(1)", "def f(tx, seen: list[str]):\n    seen.append('x')",
             "def g():\n    n = 0\n    def f(tx):\n        nonlocal n\n        n += 1", "COUNT = {}\ndef f(tx):\n    COUNT['x'] = 1",
             "class A:\n    def f(self, tx):\n        self.count += 1", "def g(db):\n    db.write(a, f, (x for x in y))",
             "def g(db, seen):\n    db.write(a, lambda tx: seen.update(tx))", "def f(tx, more: dict[str, int]):\n    more |= {}")
    for source in wrong:
        assert faults("app/x.py", source), source
    right = ("def f(tx, **place):\n    place |= {'a': 1}", "def f(tx, row):\n    row.status = 'x'",
             "def f(tx):\n    seen = []\n    seen.append(1)\n    tx.after_commit.append(1)")
    for source in right:
        assert not faults("app/x.py", source), source
