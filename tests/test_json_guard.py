"""JSON files that would harm the parser are refused before it meets them."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditkb.errors import KnowledgeBaseError
from auditkb.sources.json_files import read_json
from auditkb.sources.json_guard import MOST_LEVELS, GuardedFile, UnsafeJsonError


def read_all(content: bytes, size: int) -> bytes:
    file, pieces = GuardedFile(io.BytesIO(content)), []
    while piece := file.read(size):
        pieces.append(piece)
    return b"".join(pieces)


@given(value=st.recursive(st.none() | st.integers() | st.text(alphabet='"\\[]{}1é', max_size=6), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='"\\[{', max_size=3), inner, max_size=3)),
       size=st.integers(1, 20))
def test_whatever_is_harmless_goes_through_unchanged(value, size):
    content = json.dumps(value).encode()
    assert read_all(content, size) == content


@pytest.mark.parametrize("size", [1, 7, 1000, 65536])
@pytest.mark.parametrize("content", [b"[" * (3 * MOST_LEVELS), b'{"a": "[[", "b": ' * 200 + b"1" + b"}" * 200, b"[" + b"7" * 2000 + b"]", b'["' + b"7" * 2000 + b'", ' + b"7" * 2000 + b"]"])
def test_levels_and_numbers_without_end_are_refused(content, size):
    with pytest.raises(UnsafeJsonError):
        read_all(content, size)


def test_long_text_and_many_values_are_no_harm():
    content = json.dumps(["9" * 5000, "[" * 5000, '\\"' * 3000, [[]] * 5000, list(range(3000))]).encode()
    assert read_all(content, 997) == content


@pytest.mark.parametrize("content", [b'{"contract": [{"number": ' + b"9" * 6000 + b"}]}", b'{"contract": [{"number": ' + b"[" * 50_000 + b"]" * 50_000 + b"}]}"])
def test_a_table_in_json_is_guarded_too(tmp_path, content):
    path = tmp_path / "office.json"
    path.write_bytes(content)
    with pytest.raises(KnowledgeBaseError, match="a number is too long|nested too deeply"):
        read_json(path)
