"""DynamoDB: the time that a transaction takes."""

import copy
import functools
import json
import marshal

from ministack.core import iam_actions
from ministack.services import dynamodb

from .support import correction, replace_text, require, wrap


class _Copies:
    """The module `copy` for items: they are JSON, which marshal copies many times faster."""

    def __getattr__(self, name: str):
        return getattr(copy, name)

    @staticmethod
    def deepcopy(value):
        try:
            return marshal.loads(marshal.dumps(value))
        except ValueError:
            return copy.deepcopy(value)  # More than JSON: a whole table.


class _Bodies:
    """The module `json` for the evaluation of a request: it parses the same body several times, which does not change."""

    loads = staticmethod(functools.lru_cache(8)(json.loads))

    def __getattr__(self, name: str):
        return getattr(json, name)


def _may_exceed(data, limit: int) -> bool:
    """Whether JSON could take more than so many bytes: six times what marshal does for a text of control characters, less for others."""
    try:
        return len(marshal.dumps(data, 2)) * 8 > limit
    except ValueError:
        return True


@correction(
    fact=(
        "DynamoDB answers within milliseconds, however many attributes an item has; MiniStack copies each item of a "
        "transaction several times, attribute by attribute, reads each expression several times, letter by letter, writes the "
        "whole request down to measure it, counts units of capacity that were not asked for, and evaluates the same permission again for "
        "each item."
    ),
    source="docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html",
)
def transactions_are_quick():
    require(dynamodb, "copy")
    dynamodb.copy = _Copies()
    dynamodb._condition_syntax_error = functools.lru_cache(1000)(require(dynamodb, "_condition_syntax_error"))
    dynamodb._may_exceed = _may_exceed
    require(iam_actions, "json")
    iam_actions.json = _Bodies()
    tokens_of = functools.lru_cache(2000)(require(dynamodb, "_tokenize"))
    wrap(dynamodb, "_tokenize", lambda _original, expression: list(tokens_of(expression)))
    replace_text(
        dynamodb,
        "_transact_write_items",
        (
            'if len(json.dumps(data).encode("utf-8")) > _DDB_TXN_MAX_BYTES:',
            'if _may_exceed(data, _DDB_TXN_MAX_BYTES) and len(json.dumps(data).encode("utf-8")) > _DDB_TXN_MAX_BYTES:',
        ),
        (
            "for tname, effects in _txn_write_effects.items():",
            'for tname, effects in _txn_write_effects.items() if rc != "NONE" else ():',
        ),
    )

    def dynamodb_transaction_checks(original, *args):
        return list(dict.fromkeys(original(*args)))

    wrap(iam_actions, "dynamodb_transaction_checks", dynamodb_transaction_checks)
