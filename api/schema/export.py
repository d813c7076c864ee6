"""Writes the schema down: `python -m api.schema.export`. A test holds the file to the code."""

from pathlib import Path

from api.schema.build import build_schema

FILE = Path(__file__).parents[1] / "schema.graphql"


def text() -> str:
    return build_schema().as_str() + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
