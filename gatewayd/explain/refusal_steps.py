"""What proxies refuse of a route, with numbers: its status says the same in words that seldom change."""

from collections.abc import Iterator

from gatewayd.explain.steps import Knowledge, Mark, Step, Words
from gatewayd.incremental.view import Member
from gatewayd.ir.fleet import FleetKey
from gatewayd.translator.attachment import ParentAttachment
from gatewayd.translator.mesh.claims import ServiceParent
from gatewayd.translator.outcomes.refused_by_proxies import every_refusal


def refusal_steps(
    known: Knowledge, member: Member, parent: ParentAttachment | ServiceParent, fleet: FleetKey
) -> Iterator[Step]:
    """Yield what the proxies of a fleet refuse of a route through a parent; others are not told the words of Envoy."""
    for each in every_refusal(known.engine, member, parent, known.report(fleet)):
        withheld, place = Words("refused", each.message), known.place(member, each.field)
        yield Step(depth=2, mark=Mark.BAD, subject="refused", says=each.exact, place=place, withheld=withheld)
