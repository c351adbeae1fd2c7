"""What is on the bus can always be read: a sample of every event version, kept as it was."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from shared.events import BY_TAG, UPCASTS, Envelope, decode_event, tag_of

FOLDER = Path(__file__).parent
SUMS_FILE = FOLDER / "SHA256SUMS"
SAMPLES = sorted(path.name.removesuffix(".json") for path in FOLDER.glob("*.json"))


def sample(tag: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{tag}.json").read_bytes())


def encoded(fields: object) -> bytes:
    return json.dumps(fields).encode()


def test_every_version_of_every_event_has_a_sample() -> None:
    missing = (BY_TAG.keys() | UPCASTS.keys()) - set(SAMPLES)
    assert not missing, f"Write a sample for {sorted(missing)} into {FOLDER.name}/, with realistic values of nobody."


def test_every_sample_can_still_be_read() -> None:
    unreadable = set(SAMPLES) - BY_TAG.keys() - UPCASTS.keys()
    assert not unreadable, (
        f"{sorted(unreadable)} may still come over the network: keep its version, or give it an upcast."
    )


@pytest.mark.parametrize("tag", SAMPLES)
def test_a_sample_is_read_as_its_kind_and_written_with_the_same_fields(tag: str) -> None:
    fields = sample(tag)
    assert fields["type"] == tag
    event = decode_event(encoded(fields))
    assert event is not None
    if tag not in UPCASTS:
        assert type(event) is BY_TAG[tag]
        assert json.loads(msgspec.json.encode(event)) == fields
    assert decode_event(msgspec.json.encode(event)) == event
    assert tag_of(event) not in UPCASTS, "an old version becomes the newest"


def with_a_new_field(value: object) -> object:
    """The same with a field that this version doesn't know, in every object."""
    if isinstance(value, dict):
        return {key: with_a_new_field(inner) for key, inner in value.items()} | {"of_a_later_version": [1]}
    if isinstance(value, list):
        return [with_a_new_field(inner) for inner in value]
    return value


@pytest.mark.parametrize("tag", SAMPLES)
def test_fields_that_a_later_version_adds_are_passed_over(tag: str) -> None:
    fields = sample(tag)
    assert decode_event(encoded(with_a_new_field(fields))) == decode_event(encoded(fields))


REQUIRED = [
    (tag, field.encode_name) for tag in BY_TAG for field in msgspec.structs.fields(BY_TAG[tag]) if field.required
]


@pytest.mark.parametrize(("tag", "name"), REQUIRED)
def test_a_field_that_an_event_cannot_do_without_is_missed(tag: str, name: str) -> None:
    fields = sample(tag)
    del fields[name]
    with pytest.raises(msgspec.ValidationError, match=name):
        decode_event(encoded(fields))


@pytest.mark.parametrize("tag", sorted(BY_TAG))
def test_a_field_with_a_default_may_be_left_out(tag: str) -> None:
    required = {name for of_tag, name in REQUIRED if of_tag == tag}
    fields = {name: value for name, value in sample(tag).items() if name in required | {"type"}}
    assert type(decode_event(encoded(fields))) is BY_TAG[tag]


def test_an_event_of_a_kind_that_is_not_known_here_is_no_error() -> None:
    assert decode_event(b'{"type": "stock.moon_risen.v1", "full": true}') is None


def kept_sums() -> dict[str, str]:
    """The hash of each sample, by its file's name."""
    lines = SUMS_FILE.read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


@pytest.mark.parametrize("tag", SAMPLES)
def test_a_sample_is_never_edited(tag: str) -> None:
    name = f"{tag}.json"
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
    sums = kept_sums()
    assert name in sums, f"Add the new sample to {SUMS_FILE.name}: {digest}  {name}"
    assert sums[name] == digest, (
        f"{name} was edited, but such events are on the bus and in backups as they were. Put it back, and add a new"
        f" version of the event with a sample of its own and an entry in UPCASTS."
    )


def test_a_sample_is_never_taken_away() -> None:
    gone = kept_sums().keys() - {f"{tag}.json" for tag in SAMPLES}
    assert not gone, f"Put {sorted(gone)} back: events of an old version come out of outboxes and backups for years."


# Every field name that an event may have, in it or inside it. None says who a patient is.
ALLOWED_WORDS = (
    # ids made by Dosis, and opaque references
    "collection_id decision_id delegation_id line_id lot_id operation_id pharmacy_id place_id product_id reference",
    "request_id session_id surplus_id to_clinic_id transfer_id undoes",
    # the registry: clinics, pharmacies and those who work there
    "delegate_id display_name ended_at from_on name phone registered_id role until_on value",
    # products
    "atc code codes cold_chain content_per_unit content_unit controlled form form_group holder ingredients kind label",
    "moiety never_automatic other_names packs product product_name route source_key strength strength_unit",
    "substitution_group unit units_per_pack",
    "gtin state learnt_by learnt_clinic_id learnt_at judged_by judged_clinic_id judged_at",
    # units, lots, and days of use
    "batch content_needed content_per_day expires_on line_number lines lot_number lots opened order outcome part parts",
    "place sharing_rule shortfalls through_on units units_short use_through_on",
    # a person's own words on a lot or a transfer
    "note reason",
)
ALLOWED_FIELDS = {name for words in ALLOWED_WORDS for name in words.split()}
# Parts of names that would say who somebody is, or what was decided on who they are.
SUSPECT = ("patient", "alias", "card", "birth", "age_band", "language", "contact", "allerg", "email", "address", "amka")


def fields_within(kind: inspect.Type, seen: set[type]) -> Iterator[tuple[str, str, inspect.Type]]:
    """(struct, field, type) of every field in a type, however deep."""
    if isinstance(kind, inspect.StructType):
        if kind.cls in seen:
            return
        seen.add(kind.cls)
        for field in kind.fields:
            yield kind.cls.__name__, field.encode_name, field.type
            yield from fields_within(field.type, seen)
        return
    for inner in (
        *getattr(kind, "types", ()),
        *getattr(kind, "item_types", ()),
        *(getattr(kind, name) for name in ("item_type", "key_type", "value_type", "type") if hasattr(kind, name)),
    ):
        yield from fields_within(inner, seen)


@pytest.mark.parametrize("tag", sorted(BY_TAG))
def test_no_field_of_an_event_says_who_a_patient_is(tag: str) -> None:
    found = list(fields_within(inspect.type_info(BY_TAG[tag]), set()))
    assert found
    new = {f"{struct}.{name}" for struct, name, _ in found if name not in ALLOWED_FIELDS}
    assert not new, f"{sorted(new)}: if this can't say who a patient is, allow it here; if it can, no event carries it."
    suspect = {f"{struct}.{name}" for struct, name, _ in found if any(word in name for word in SUSPECT)}
    assert not suspect


def test_no_field_of_an_event_can_hold_just_anything_but_the_value_of_a_policy() -> None:
    open_ended = {
        f"{struct}.{name}"
        for kind in BY_TAG.values()
        for struct, name, type_ in fields_within(inspect.type_info(kind), set())
        if isinstance(type_, inspect.AnyType | inspect.DictType | inspect.RawType)
    }
    assert open_ended == {"PolicySet.value"}


def test_every_field_that_is_allowed_is_used_by_an_event() -> None:
    used = {name for kind in BY_TAG.values() for _, name, _ in fields_within(inspect.type_info(kind), set())}
    assert used == ALLOWED_FIELDS, "a name that no event has any more is one less to look at"


def test_the_envelope_says_who_did_it_and_where_and_nothing_of_whom_it_was_for() -> None:
    assert set(Envelope.__struct_fields__) == {
        "event_id",
        "producer",
        "aggregate_id",
        "version",
        "clinic_id",
        "person_id",
        "request_id",
        "recorded_at",
        "data",
    }
