"""From bytes to validated products: JSON Lines, CSV, gzip, and every way in which a line can be wrong."""

import gzip
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest

from catalog.errors import FieldError, InvalidInput
from catalog.importing import MAX_LINE_BYTES, LineResult, csv_records, json_records, open_source
from catalog.importing.load import _chunks
from catalog.importing.parse import ProductLine, parse
from catalog.importing.records import Record
from catalog.importing.source import Source

MINIMAL = {"sku": "A-1", "name": "Lamp", "price": "9.90"}


def record(**given: Any) -> Record:
    return Record(1, b"", MINIMAL | given)


def product(**given: Any) -> ProductLine:
    line = parse(record(**given), "USD")
    assert isinstance(line, ProductLine), line
    return line


def fields(line: ProductLine) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(line.fields)
    return found


def errors(wrong: Record) -> list[tuple[str, str]]:
    result = parse(wrong, "USD")
    assert isinstance(result, LineResult)
    assert result.status == "rejected"
    return [(error.field, error.message) for error in result.errors]


def csv_data(text: str) -> list[Any]:
    return [found.data or found.error for found in csv_records(io.BytesIO(text.encode()))]


class TestJsonLines:
    def test_a_blank_line_counts_but_gives_nothing(self) -> None:
        found = list(json_records([b"{}\n", b" \r\n", b"\n", b"[]"]))
        assert [(item.line, item.data) for item in found] == [(1, {}), (4, [])]

    def test_a_byte_order_mark_is_dropped_from_the_first_line_only(self) -> None:
        first, second = json_records([b"\xef\xbb\xbf{}\n", b"\xef\xbb\xbf{}\n"])
        assert first.error is None
        assert second.error is not None

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            (b'{"sku": "A', "not valid JSON"),
            (b'{"name": "\xff"}', "not valid UTF-8"),
            (b'{"name": "\x00"}', "NUL"),
            (b'{"price": NaN}', "not valid JSON"),
            (b"[" * 5000, "not valid JSON"),
            (b'"' + b"x" * MAX_LINE_BYTES + b'"', "longer than"),
        ],
    )
    def test_a_broken_line_says_why(self, line: bytes, reason: str) -> None:
        (found,) = json_records([line])
        assert found.error is not None
        assert found.error.field == "line"
        assert reason in found.error.message


class TestParse:
    def test_fields_left_out_stay_out(self) -> None:
        line = product()
        assert set(fields(line)) == {"name", "price"}
        assert (line.images, line.variants) == (None, None)

    def test_null_means_the_default_of_a_column_that_can_not_be_null(self) -> None:
        cleared = ("description", "inventory", "status", "popularity", "attributes", "brand", "category", "images")
        line = product(**dict.fromkeys(cleared))
        assert {name: value for name, value in fields(line).items() if name not in MINIMAL} == {
            "description": None,
            "inventory": 0,
            "status": "active",
            "popularity": 0,
            "attributes": {},
            "brand_id": None,
            "category_id": None,
        }
        assert line.images == []

    def test_null_inside_attributes_drops_the_name(self) -> None:
        assert fields(product(attributes={"a": None, "b": 1}))["attributes"] == {"b": 1}

    def test_price_and_inventory_come_from_the_variants(self) -> None:
        variants = [{"sku": "V-1", "price": "7.00", "inventory": 2}, {"sku": "V-2", "price": "6.50", "inventory": 3}]
        line = product(inventory=99, variants=variants)
        assert (fields(line)["price"], fields(line)["inventory"]) == ("6.50", 5)
        assert line.skus == {"A-1", "V-1", "V-2"}

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"name": None}, "name"),
            ({"price": "-1"}, "price"),
            ({"color": "red"}, "color"),
            ({"currency": "EUR"}, "currency"),
            ({"name": "a\x00b"}, "name"),
            ({"variants": [{"sku": "A-1", "price": 1}]}, "variants"),
            ({"variants": [{"sku": "V", "price": "x"}]}, "variants.0.price"),
            ({"publish_from": "2030-01-01T00:00:00Z", "publish_until": "2029-01-01T00:00:00Z"}, "publish_until"),
        ],
    )
    def test_a_wrong_field_is_named(self, given: dict[str, Any], field: str) -> None:
        assert [name for name, _ in errors(record(**given))] == [field]

    def test_required_fields(self) -> None:
        assert [name for name, _ in errors(Record(1, b"", {}))] == ["sku", "name", "price"]

    def test_a_line_must_be_an_object(self) -> None:
        assert errors(Record(1, b"", [1])) == [("line", "must be a JSON object")]


class TestCsv:
    def test_columns_are_converted(self) -> None:
        rows = csv_data(
            "sku,name,price,inventory,popularity,images,attributes,variants,gtin\n"
            'A-1,Lamp,9.90,12,0.5,https://a.example/1.jpg | /2.jpg,"{""color"": ""red""}",[],0012345678905\n'
        )
        assert rows == [
            MINIMAL
            | {
                "inventory": 12,
                "popularity": 0.5,
                "images": ["https://a.example/1.jpg", "/2.jpg"],
                "attributes": {"color": "red"},
                "variants": [],
                "gtin": "0012345678905",
            }
        ]

    def test_empty_is_left_out_and_null_clears(self) -> None:
        assert csv_data("sku,name,price,brand,gtin\nA-1,Lamp,9.90,null,\n") == [MINIMAL | {"brand": None}]

    def test_single_attributes(self) -> None:
        (row,) = csv_data(
            "sku,name,price,attributes,attributes.w,attributes.on,attributes.size,attributes.os,attributes.code,attributes.x\n"
            'A-1,Lamp,9.90,"{""w"": 1, ""k"": 2}",1.5,true,M,"[""a"",""b""]","""0.10""",null\n'
        )
        assert row["attributes"] == {
            "w": 1.5,
            "k": 2,
            "on": True,
            "size": "M",
            "os": ["a", "b"],
            "code": "0.10",
            "x": None,
        }

    def test_leading_zeros_stay_text(self) -> None:
        (row,) = csv_data("sku,name,price,attributes.code\nA-1,Lamp,9.90,007\n")
        assert row["attributes"] == {"code": "007"}

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_the_delimiter_is_taken_from_the_header(self, delimiter: str) -> None:
        assert csv_data("sku,name,price\nA-1,Lamp,9.90\n".replace(",", delimiter)) == [MINIMAL]

    def test_byte_order_mark_crlf_and_spaces_in_the_header(self) -> None:
        assert csv_data("\ufeffSKU, name ,price\r\nA-1,Lamp,9.90\r\n") == [MINIMAL]

    def test_a_cell_may_hold_line_ends_and_rows_keep_their_line_numbers(self) -> None:
        found = list(csv_records([b"sku,name,price,description\n", b'A,a,1,"x\n', b'y"\n', b"\n", b"B,b,2,\n"]))
        assert [(item.line, item.data["sku"]) for item in found] == [(2, "A"), (5, "B")]
        assert found[0].data["description"] == "x\ny"
        assert found[0].text == b'A,a,1,"x\ny"'

    def test_an_unclosed_quote_costs_its_own_row_only(self) -> None:
        found = list(csv_records([b"sku,name,price\n", b'A,"a,1\n', b"B,b,2\n", b'C,"c",3\n']))
        assert [(item.line, item.error is None) for item in found] == [(2, False), (3, True), (4, True)]

    @pytest.mark.parametrize("row", [b"A,a\n", b"A,a,1,2\n", b"A,\xff,1\n", b"A,\x00,1\n", b'A,"a"b,1\n'])
    def test_a_broken_row_is_reported_and_the_next_one_read(self, row: bytes) -> None:
        broken, fine = csv_records([b"sku,name,price\n", row, b"B,b,2\n"])
        assert (broken.line, broken.text) == (2, row.rstrip())
        assert broken.error is not None
        assert fine.data == {"sku": "B", "name": "b", "price": "2"}

    def test_what_can_not_be_converted_is_refused_by_its_field(self) -> None:
        header = b"sku,name,price,inventory,attributes,variants\n"
        (found,) = csv_records([header, b"A,a,1,many,{,none\n"])
        assert [field for field, _ in errors(found)] == ["inventory", "attributes", "variants"]

    @pytest.mark.parametrize("header", ["sku,name,price,colour", "sku,name", "sku,name,price,sku", "", "attributes."])
    def test_a_wrong_header_is_one_error(self, header: str) -> None:
        with pytest.raises(InvalidInput):
            csv_data(header + "\nA-1,Lamp,9.90,red\n")


class TestSource:
    @pytest.mark.parametrize("packed", [False, True])
    def test_a_file_with_progress(self, tmp_path: Path, packed: bool) -> None:
        path = tmp_path / "products"
        path.write_bytes(gzip.compress(b"a\nb") if packed else b"a\nb")
        source = open_source(path)
        assert list(source) == [b"a\n", b"b"]
        assert source.position() == source.size == path.stat().st_size
        source.close()

    def test_a_pipe_has_no_size(self) -> None:
        reading, writing = os.pipe()
        os.write(writing, gzip.compress(b"a\n"))
        os.close(writing)
        with open(reading, "rb") as stream:
            source = Source(stream, "pipe")
            assert source.size is None
            assert list(source) == [b"a\n"]

    def test_a_line_without_end_is_never_held_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "products"
        path.write_bytes(b"x" * (3 * MAX_LINE_BYTES) + b"\nnext\n" + b"y" * MAX_LINE_BYTES + b"\r\nlast\n")
        source = open_source(path)
        long, after, longest, last = source
        assert MAX_LINE_BYTES < len(long) < MAX_LINE_BYTES + 10
        assert (after, last) == (b"next\n", b"last\n")
        assert [found.error is None for found in json_records([b'"' + longest[2:].strip() + b'"'])] == [True]
        source.close()

    def test_damaged_gzip_gives_the_lines_before_the_damage(self, tmp_path: Path) -> None:
        path = tmp_path / "products.gz"
        path.write_bytes(gzip.compress(os.urandom(20_000).hex().encode() + b"\nnext\n" * 1000)[:-12])
        source = open_source(path)
        lines = iter(source)
        assert next(lines)
        with pytest.raises(InvalidInput, match=r"products\.gz is damaged"):
            list(lines)
        source.close()


class TestChunks:
    def chunks(self, skus: Iterable[str], size: int = 100) -> list[list[int]]:
        lines = (orjson.dumps(MINIMAL | {"sku": sku, "variants": [{"sku": f"{sku}-v", "price": 1}]}) for sku in skus)
        return [[entry.line for entry in chunk] for chunk in _chunks(json_records(lines), "USD", size)]

    def test_a_chunk_ends_at_its_size(self) -> None:
        assert self.chunks("abcde", 2) == [[1, 2], [3, 4], [5]]

    def test_a_chunk_ends_where_a_sku_comes_again(self) -> None:
        assert self.chunks(["a", "b", "a", "b-v"]) == [[1, 2], [3, 4]]
        assert self.chunks(["b-v", "b"]) == [[1], [2]]

    def test_rejected_lines_fill_a_chunk_too(self) -> None:
        assert self.chunks(["", "", ""], 2) == [[1, 2], [3]]


def test_results_are_small_and_frozen() -> None:
    result = LineResult(1, "rejected", None, None, (FieldError("line", "is not valid JSON"),))
    assert not hasattr(result, "__dict__")
    with pytest.raises(AttributeError):
        result.line = 2  # type: ignore[misc]
