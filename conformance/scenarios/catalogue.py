"""All scenarios, in the order in which they run."""

from __future__ import annotations

from bench.peers.build import built
from conformance.scenarios.cases.audit import audit
from conformance.scenarios.cases.autoscaling import autoscaling
from conformance.scenarios.cases.blackhole import blackhole
from conformance.scenarios.cases.chart import chart
from conformance.scenarios.cases.contents import contents
from conformance.scenarios.cases.crds import crds
from conformance.scenarios.cases.crowd import crowd
from conformance.scenarios.cases.dryrun import dryrun, dryrun_short
from conformance.scenarios.cases.endpoints import endpoints
from conformance.scenarios.cases.grants import grants
from conformance.scenarios.cases.herd import herd
from conformance.scenarios.cases.history import history
from conformance.scenarios.cases.ingress import ingress
from conformance.scenarios.cases.laptop import laptop
from conformance.scenarios.cases.leader import leader_killed, lease_hung
from conformance.scenarios.cases.leftovers import class_in_use, leftovers
from conformance.scenarios.cases.liar import liar
from conformance.scenarios.cases.members import members
from conformance.scenarios.cases.mesh import mesh
from conformance.scenarios.cases.mistakes import mistakes, scaling
from conformance.scenarios.cases.nodes import nodes
from conformance.scenarios.cases.partition import partition
from conformance.scenarios.cases.policies import policies, policies_short
from conformance.scenarios.cases.probe import probe, probe_services
from conformance.scenarios.cases.programmed import programmed
from conformance.scenarios.cases.provisioning import provisioning
from conformance.scenarios.cases.ratelimit import ratelimit
from conformance.scenarios.cases.replacement import replacement
from conformance.scenarios.cases.replicas import replicas
from conformance.scenarios.cases.requests import requests, requests_short
from conformance.scenarios.cases.restart import restart, restart_changing
from conformance.scenarios.cases.rotation import rotation
from conformance.scenarios.cases.routability import routability
from conformance.scenarios.cases.soak import soak
from conformance.scenarios.cases.statuses import statuses
from conformance.scenarios.cases.strangers import strangers
from conformance.scenarios.cases.sync import sync
from conformance.scenarios.cases.trust import trust
from conformance.scenarios.cases.upgrade import upgrade
from conformance.scenarios.cases.zones import zones
from conformance.scenarios.scenario import Scenario

_ALL = (
    Scenario(
        name="provisioning",
        claim="from kubectl apply of a Gateway and a route to the first 200 through a new Envoy: under 5 s",
        run=provisioning,
    ),
    Scenario(
        name="chart",
        claim="the Helm chart is installed, upgraded under load and removed by Helm: no failed request, CRDs stay",
        run=chart,
    ),
    Scenario(
        name="programmed",
        claim="20 Gateways and 8 listeners are Programmed only when a ready pod has their port",
        run=programmed,
    ),
    Scenario(
        name="strangers",
        claim="certificates nobody can read, names that are taken and quotas of one tenant: all others are served",
        run=strangers,
    ),
    Scenario(
        name="replacement",
        claim="a Deployment becomes a DaemonSet, and back: at every moment an Envoy is ready",
        run=replacement,
    ),
    Scenario(
        name="mistakes",
        claim="what is beyond the class's bounds, a class that is wrong or gone, no valid listener: what runs stays",
        run=mistakes,
    ),
    Scenario(
        name="scaling",
        claim="kubectl scale and an autoscaler set the number of proxies, and nobody undoes it",
        run=scaling,
    ),
    Scenario(
        name="autoscaling",
        claim="an autoscaler takes Envoys from 2 to 6 and back under load: no failed request, and no number is ours",
        run=autoscaling,
    ),
    Scenario(
        name="leftovers",
        claim="what ended while no gatewayd ran is taken back within 30 s of a leader, and nothing else",
        run=leftovers,
    ),
    Scenario(
        name="class-in-use",
        claim="the class of a Gateway that serves is deleted under load: no failed request; it goes with the Gateway",
        run=class_in_use,
    ),
    Scenario(
        name="upgrade",
        claim="to later versions and back under load: all answers right, Programmed throughout, rollouts as foretold",
        crds="v1.6.3",
        run=upgrade,
    ),
    Scenario(
        name="probe",
        claim="500 routes one by one: 404 before, the right answer after, nothing else; median at 100 under 40 ms",
        run=probe,
    ),
    Scenario(
        name="probe-services",
        claim="the same with a Service of its own for every route, so that each needs a new cluster",
        run=probe_services,
    ),
    Scenario(
        name="restart",
        claim="gatewayd killed with -9 under 200 requests/s: no failed request, nothing re-sent to Envoys",
        run=restart,
    ),
    Scenario(
        name="restart-changing",
        claim="killed with -9 while routes change under load: no failed request, equal to a fresh replica afterwards",
        run=restart_changing,
    ),
    Scenario(
        name="leader",
        claim="the leader killed, or paused: another writes statuses within 12 s, and never two",
        run=leader_killed,
    ),
    Scenario(
        name="lease-hung",
        claim="renewal of the lease hangs: the leader steps down before another writes",
        run=lease_hung,
    ),
    Scenario(
        name="partition",
        claim="the leader cut off from the API server and all proxies: the other carries on, no wrong answer",
        run=partition,
    ),
    Scenario(
        name="blackhole",
        claim="no API server for 2 minutes and its history compacted: no failed request, no missed update",
        run=blackhole,
    ),
    Scenario(
        name="liar",
        claim="the API server lies in seven ways, its CRDs go and come back: no failed request, all is served again",
        run=liar,
    ),
    Scenario(
        name="replicas",
        claim="two replicas give the same resource versions for the same objects",
        run=replicas,
    ),
    Scenario(
        name="sync",
        claim="nothing is served before all kinds were listed, each held back by 5 s in turn",
        run=sync,
    ),
    Scenario(
        name="statuses",
        claim="1,000 routes made and deleted: one status write each, at most 30 for the Gateway, right counts",
        run=statuses,
    ),
    Scenario(
        name="grants",
        claim="a ReferenceGrant taken away stops live traffic within 1 s",
        run=grants,
    ),
    Scenario(
        name="crds",
        claim="a CRD is deleted under load and comes back: no failed request, served again within 10 s",
        run=crds,
    ),
    Scenario(
        name="history",
        claim="replicas, streams, the API server and objects disturbed by a seed: no guarantee is broken",
        audited=True,
        run=history,
    ),
    Scenario(
        name="trust",
        claim="the CA of the xDS connections is replaced live: no failed request, no handshake refused in the overlap",
        run=trust,
    ),
    Scenario(
        name="audit",
        claim="50 canaries in Secrets are nowhere else; what listens stands on a page; no request lacks a right",
        audited=True,
        run=audit,
    ),
    Scenario(
        name="soak",
        claim="up to 50 routes and 200 endpoints written a second, 5 minutes: nothing that processes take up grows",
        run=soak,
    ),
    Scenario(
        name="herd",
        prepare=built,
        claim="300 proxies come at once, 60 read badly, all return: nobody waits, who takes nothing is cut and told of",
        run=herd,
    ),
    Scenario(
        name="crowd",
        prepare=built,
        claim="300 Gateways, 3,000 proxies, the leader killed: all Programmed, a change reaches its own proxies alone",
        audited=True,
        run=crowd,
    ),
    Scenario(
        name="laptop",
        claim="status, why, ask, proxy, ui by a kubeconfig: all replicas as one, for who may forward ports alone",
        run=laptop,
    ),
    Scenario(
        name="dryrun-short",
        claim="the next one with 500 documents",
        run=dryrun_short,
    ),
    Scenario(
        name="dryrun",
        claim="gatewayd check and the API server's dry run judge 10,000 documents over all kinds: the same verdicts",
        run=dryrun,
    ),
    Scenario(
        name="ingress",
        claim="an Ingress has its certificate and the Gateway's address; what is broken has an Event",
        run=ingress,
    ),
    Scenario(
        name="routability",
        claim="a Gateway has the addresses that it asks for by where they can be reached from, and answers on them",
        run=routability,
    ),
    Scenario(
        name="nodes",
        claim="a Gateway of a class with hostNetwork answers at the node, and a second one has to wait for the node",
        run=nodes,
    ),
    Scenario(
        name="rotation",
        claim="a Secret replaced every second for 60 s: no failed handshake; a broken one changes nothing",
        run=rotation,
    ),
    Scenario(
        name="contents",
        claim="Secrets of any type serve; what nobody refers to is not kept; a renamed port loses no request",
        run=contents,
    ),
    Scenario(
        name="policies-short",
        claim="the next one with 100 edits",
        run=policies_short,
    ),
    Scenario(
        name="policies",
        claim="1,000 edits of policies under a closed loop: 0 wrong answers, 0 through a closed door, 0 drains",
        run=policies,
    ),
    Scenario(
        name="ratelimit",
        claim="the service that counts, killed and stopped under load: Allow loses no request, Deny lets none through",
        run=ratelimit,
    ),
    Scenario(
        name="endpoints",
        claim="one of two endpoints killed, and stopped, under load: no failed request, and it comes back",
        run=endpoints,
    ),
    Scenario(
        name="zones",
        claim="the endpoints of the proxies' own zone go away and come back 20 times: no wrong answer",
        run=zones,
    ),
    Scenario(
        name="members",
        claim="the nearest of two members serves; they go, die, one is cut, one lies: no request lost, 0 changed",
        run=members,
    ),
    Scenario(
        name="mesh",
        claim="a node's Envoy, its agent, both replicas killed; a rolling update: lost is what the Envoy's death takes",
        options=("--mesh",),
        run=mesh,
    ),
    Scenario(
        name="requests-short",
        claim="the next one with 50,000 requests and 100 changes",
        run=requests_short,
    ),
    Scenario(
        name="requests",
        claim="1,000 changes, both replicas killed, an Envoy replaced: 0 wrong answers of 1,000,000",
        run=requests,
    ),
)
SCENARIOS = {each.name: each for each in _ALL}
