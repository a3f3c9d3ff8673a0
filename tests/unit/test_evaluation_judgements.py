"""Judgement files: what is read, and how a wrong line is named."""

from pathlib import Path

import pytest

from evaluation.judgements import Judgements, JudgementsError, read_judgements

ID = "0d9c2e1a-5f07-4a6b-9a51-3f1f6a1f0e11"


def read(folder: Path, text: str) -> Judgements:
    path = folder / "judged.csv"
    path.write_text(text, encoding="utf-8")
    return read_judgements(path)


def errors(folder: Path, text: str) -> list[str]:
    with pytest.raises(JudgementsError) as raised:
        read(folder, text)
    return str(raised.value).splitlines()


def test_columns_in_any_order_under_a_header_that_a_spreadsheet_wrote(tmp_path: Path) -> None:
    found = read(
        tmp_path, '\ufeffRating, SKU ,note,query\r\n3.0,A-1,"good, really",usb  cable\r\n\r\n0,A-2,,usb cable\r\n'
    )

    assert found.key == "sku"
    assert found.ratings == {"usb cable": {"A-1": 3, "A-2": 0}}


def test_products_may_be_named_by_id(tmp_path: Path) -> None:
    found = read(tmp_path, f"query,product_id,rating\nlamp,{ID.upper()},4\n")

    assert (found.key, found.ratings) == ("product_id", {"lamp": {ID: 4}})


def test_every_wrong_line_is_named_with_its_column(tmp_path: Path) -> None:
    said = errors(tmp_path, 'query,sku,rating\nlamp,A,5\n"a\nb",A,1\n,A,1\nlamp,,1\nlamp,A,good\nlamp,A\n')

    assert said == [
        "judged.csv: line 2, column rating: must be a whole number from 0 to 4, not '5'.",
        "judged.csv: line 5, column query: must have 1 to 200 characters.",
        "judged.csv: line 6, column sku: must have 1 to 100 characters.",
        "judged.csv: line 7, column rating: must be a whole number from 0 to 4, not 'good'.",
        "judged.csv: line 8: has 2 columns, the header has 3.",
    ]


@pytest.mark.parametrize("rating", ["-1", "2.5", "1e0", "NaN", "", "٣", "33"])
def test_ratings_are_plain_whole_numbers(tmp_path: Path, rating: str) -> None:
    assert "line 2, column rating" in errors(tmp_path, f"query,sku,rating\nlamp,A,{rating}\n")[0]


def test_a_second_rating_of_the_same_product_must_be_the_same(tmp_path: Path) -> None:
    assert read(tmp_path, "query,sku,rating\nlamp,A,1\nlamp,A,1\n").ratings == {"lamp": {"A": 1}}
    assert errors(tmp_path, "query,sku,rating\nlamp,A,1\ndesk,A,1\nlamp,A,2\n") == [
        "judged.csv: line 4, column rating: contradicts line 2, which rates the same product for the same query."
    ]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    assert errors(tmp_path, "query,ean,grade\nlamp,1,2\n") == [
        "judged.csv: line 1, column sku or product_id: is missing.",
        "judged.csv: line 1, column rating: is missing.",
    ]


@pytest.mark.parametrize("text", ["", "query,sku,rating\n", "\n\n"])
def test_a_file_without_judgements_is_an_error(tmp_path: Path, text: str) -> None:
    assert errors(tmp_path, text)


def test_an_id_that_is_none_is_named(tmp_path: Path) -> None:
    assert errors(tmp_path, "query,product_id,rating\nlamp,A-1,2\n") == [
        "judged.csv: line 2, column product_id: must be a product's id, not 'A-1'."
    ]


def test_an_open_quote_is_named(tmp_path: Path) -> None:
    assert "is not CSV" in errors(tmp_path, 'query,sku,rating\nlamp,A,1\n"lamp,B,1\n')[0]


def test_other_encodings_are_told_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "judged.csv"
    path.write_bytes("query,sku,rating\nlamp,A,1\ncafé,A,1\n".encode("latin-1"))

    with pytest.raises(JudgementsError, match=r"judged\.csv: line 3: is not UTF-8"):
        read_judgements(path)


def test_of_many_errors_the_first_are_shown(tmp_path: Path) -> None:
    said = errors(tmp_path, "query,sku,rating\n" + "lamp,A,x\n" * 1000)

    assert len(said) == 21
    assert said[-1] == "… and 980 more."


def test_the_fingerprint_is_that_of_what_is_said(tmp_path: Path) -> None:
    first = read(tmp_path, "query,sku,rating\nlamp,A,1\ndesk,B,2\n")
    same = read(tmp_path, "sku,rating,query\nB,2,desk\nA,1,lamp\n")
    other = read(tmp_path, "query,sku,rating\nlamp,A,1\ndesk,B,3\n")

    assert first.fingerprint == same.fingerprint != other.fingerprint
