"""Hosts that an Ingress is for beside those of its rules: `server-alias` of ingress-nginx, where the class asks for it.

A further host stands for one of the rules' hosts, as if there were a rule for it with the same paths. Routes of it have
numbers of their own (`FURTHER_HOST`), so that what there is of the rule's own host stays as it is called.
https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#server-alias
"""

from gatewayd.api.ingress import Ingress
from gatewayd.incremental.view import Member, View
from gatewayd.ir.http import APP_ROOT, DEFAULT_BACKEND, FURTHER_HOST, RuleRef
from gatewayd.translator.hostnames import ANY, normalised
from gatewayd.translator.ingresses import rule_hosts
from gatewayd.translator.live_annotations import live_annotations
from gatewayd.translator.nginx.aliases import MOST_LIVE, aliases
from gatewayd.translator.nginx.annotations import NginxAnnotations


def named_hosts(row: Ingress) -> tuple[str, ...]:
    """Return the hosts that annotations name and no rule has, whether or not they count."""
    written = NginxAnnotations.of(row.metadata.namespace, row.metadata.annotations)
    if not row.spec.rules or len(row.spec.rules) > FURTHER_HOST:
        return ()
    own = frozenset(rule_hosts(row))
    return tuple(dict.fromkeys(each for each in aliases(written) if each not in own))[:MOST_LIVE]


def further_hosts(view: View, row: Ingress) -> tuple[str, ...]:
    """Return the hosts that an Ingress is served at beside those of its rules."""
    if not row.metadata.annotations:
        return ()
    annotations = live_annotations(view, Member(Ingress, row.metadata.key))
    return () if annotations is None or annotations.is_canary else named_hosts(row)


def all_hosts(view: View, row: Ingress) -> tuple[str, ...]:
    """Return all hosts that an Ingress is served at, "*" for every host."""
    return (*rule_hosts(row), *further_hosts(view, row))


def stands_for(row: Ingress) -> str:
    """Return the host of the rules that further hosts stand for: as in nginx, the first by name."""
    return min(rule_hosts(row), key=lambda host: "_" if host == ANY else host)


def of_further(source: RuleRef, at: int) -> RuleRef:
    """Return what a Route of a rule is called at the further host of a number."""
    return RuleRef(
        kind=source.kind,
        namespace=source.namespace,
        name=source.name,
        rule=source.rule + FURTHER_HOST * (at + 1),
        match=source.match,
    )


def host_of(row: Ingress, source: RuleRef) -> str:
    """Return the host that a Route of an Ingress is for, "*" for every host."""
    if source.rule in (DEFAULT_BACKEND, APP_ROOT):
        return (*rule_hosts(row), *named_hosts(row))[source.match]
    further, rule = divmod(source.rule, FURTHER_HOST)
    return named_hosts(row)[further - 1] if further else normalised(row.spec.rules[rule].host)
