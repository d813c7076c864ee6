"""The arguments that many queries share."""

from typing import Annotated

import strawberry

from api.schema.transcript import AsOf
from domain.kernel import Position

First = Annotated[int | None, strawberry.argument(description="The size of the page from the beginning, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this row.")]
Last = Annotated[int | None, strawberry.argument(description="The size of the page from the end, 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this row.")]
WaitFor = Annotated[
    Position | None,
    strawberry.argument(
        description="Answer only once this place in the log is in the answer; refused with NOT_YET after five seconds."
    ),
]
AtMoment = Annotated[
    AsOf | None, strawberry.argument(name="asOf", description="Answer as it was then; null for as it is.")
]
