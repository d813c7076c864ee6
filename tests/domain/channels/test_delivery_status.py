"""How far did a message come? Receipts arrive repeated and out of order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.channels.messages import DeliveryStatus

SENT, DELIVERED, READ, FAILED = DeliveryStatus
NEWS = {(None, status) for status in DeliveryStatus} | {
    (SENT, DELIVERED),
    (SENT, READ),
    (DELIVERED, READ),
    (SENT, FAILED),
}


@pytest.mark.parametrize("earlier", [None, *DeliveryStatus])
@pytest.mark.parametrize("later", DeliveryStatus)
def test_only_progress_is_news(earlier: DeliveryStatus | None, later: DeliveryStatus) -> None:
    assert later.follows(earlier) is ((earlier, later) in NEWS)


def merge(receipts: list[DeliveryStatus]) -> list[DeliveryStatus | None]:
    """Each status on the way, from nothing to the last."""
    seen: list[DeliveryStatus | None] = [None]
    for receipt in receipts:
        seen.append(receipt if receipt.follows(seen[-1]) else seen[-1])
    return seen


RANK = {None: 0, SENT: 1, DELIVERED: 2, READ: 3, FAILED: 4}


@given(st.lists(st.sampled_from(DeliveryStatus)))
def test_a_status_never_goes_back(receipts: list[DeliveryStatus]) -> None:
    ranks = [RANK[status] for status in merge(receipts)]
    assert ranks == sorted(ranks)


@given(st.lists(st.sampled_from([SENT, DELIVERED, READ]), min_size=1), st.randoms())
def test_the_order_of_receipts_does_not_matter(receipts: list[DeliveryStatus], random) -> None:
    shuffled = random.sample(receipts, len(receipts)) + receipts
    assert merge(shuffled)[-1] is merge(receipts)[-1] is max(receipts, key=RANK.__getitem__)


@given(st.lists(st.sampled_from(DeliveryStatus)))
def test_a_failure_is_final(receipts: list[DeliveryStatus]) -> None:
    assert merge([FAILED, *receipts])[-1] is FAILED
