"""Every code that a user may see has words, and every unit of the catalogue has its two forms."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, get_args

import pytest

from services.dispense import words as dispense
from services.dispense.actions.patients import AgeBand, TherapyAlert
from services.dispense.store.visits import VisitState
from services.donations import words as donations
from services.donations.rules import RefusalReason, Storage
from services.donations.scanning.deciding import Missing
from services.donations.store.collections import CollectionState
from services.donations.store.lines import LineState
from services.stock import words as stock
from services.stock.catalogue.forms import FORMS
from services.stock.catalogue.names.pack_words import Holds
from services.stock.catalogue.reasons import OpenReason
from services.stock.catalogue.seed import read_seed
from services.stock.rules.fefo import Reason
from services.stock.rules.ledger import Account, BusinessStep
from services.stock.rules.transfer import Side, State
from shared import gtins, words
from shared.catalogue import CONTENT_MEASURES, FormGroup, Kind, Route
from shared.policies import NAMES, SharingRule, SourceKind
from shared.roles import Role
from shared.search.closeness import Found

TABLES: list[tuple[Mapping[Any, str], Any]] = [
    (words.ROLES, Role),
    (words.KINDS, Kind),
    (words.FORM_GROUPS, FormGroup),
    (words.ROUTES, Route),
    (words.SOURCES, SourceKind),
    (words.SHARING_RULES, SharingRule),
    (words.BINDINGS, gtins.State),
    (words.MATCHES, Found),
    (donations.REFUSALS, RefusalReason),
    (donations.STORAGES, Storage),
    (donations.COLLECTION_STATES, CollectionState),
    (donations.LINE_STATES, LineState),
    (donations.MISSING, Missing),
    (stock.NOT_OFFERED, Reason),
    (stock.ACCOUNTS, Account),
    (stock.STEPS, BusinessStep),
    (stock.TRANSFER_SIDES, Side),
    (stock.TRANSFER_STATES, State),
    (stock.OPEN_REASONS, OpenReason),
    (dispense.AGE_BANDS, AgeBand),
    (dispense.ALERTS, TherapyAlert),
    (dispense.VISIT_STATES, VisitState),
]


@pytest.mark.parametrize(("table", "codes"), TABLES)
def test_every_code_has_words_of_its_own(table: Mapping[Any, str], codes: Any) -> None:
    known = set(codes) if isinstance(codes, type) and issubclass(codes, StrEnum) else set(get_args(codes))
    assert set(table) == known
    assert len(set(table.values())) == len(table)


def test_every_policy_has_words() -> None:
    assert set(words.POLICIES) == NAMES


def test_every_unit_of_the_catalogue_is_said_in_both_forms() -> None:
    seed = read_seed().products
    units = {unit for form in FORMS.values() for unit in form.units} | {kind.value for kind in Holds}
    units |= {product.unit for product in seed} | {product.content_unit for product in seed} | CONTENT_MEASURES
    assert units <= set(words.UNITS)
