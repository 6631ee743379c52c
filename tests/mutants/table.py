"""All mutants."""

from tests.mutants.ads_rules import ADS
from tests.mutants.client_rules import CLIENTS
from tests.mutants.convert_rules import CONVERT
from tests.mutants.incremental_rules import INCREMENTAL
from tests.mutants.ingress_rules import INGRESS
from tests.mutants.kube_rules import KUBE
from tests.mutants.limit_rules import LIMITS
from tests.mutants.order_rules import ORDERS
from tests.mutants.policy_rules import POLICIES
from tests.mutants.refusal_rules import REFUSALS
from tests.mutants.translator_rules import TRANSLATOR

MUTANTS = (
    *TRANSLATOR,
    *POLICIES,
    *CLIENTS,
    *INGRESS,
    *ADS,
    *INCREMENTAL,
    *KUBE,
    *LIMITS,
    *ORDERS,
    *CONVERT,
    *REFUSALS,
)
