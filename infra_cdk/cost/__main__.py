"""``python -m infra_cdk.cost > docs/cost.md``."""

import sys

from infra_cdk.cost import bill

sys.stdout.write(bill.page())
