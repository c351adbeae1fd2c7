"""The `dosis` command."""

import rich_click as click

from deploy.commands import bench, catalogue, events, registry, running, scanning, search, waiting
from deploy.commands.telling import PlainGroup


@click.group(cls=PlainGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Dosis: donated medicines, from the box to the patient.

    The cell's data stands in the folder .dosis, or where DOSIS_HOME says.
    """


for command in (
    running.up,
    running.demo,
    running.demo_day,
    running.check,
    bench.bench,
    registry.token,
    registry.people,
    registry.clinic,
    registry.pharmacy,
    registry.person,
    registry.delegate,
    catalogue.catalogue,
    scanning.scan,
    events.events,
):
    main.add_command(command)
catalogue.catalogue.add_command(search.catalogue_search)
catalogue.catalogue.add_command(waiting.catalogue_open)
