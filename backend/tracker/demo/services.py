"""The company that the demo is about: its people, its services, and how each of them fails."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracker.demo import failures_of_code as code
from tracker.demo import failures_of_data as data
from tracker.demo import failures_of_platform as platform
from tracker.demo.facts import Facts
from tracker.demo.failure import Failure

PEOPLE = (
    "Zoë Marchetti",
    "Priya Raghunathan",
    "Jürgen Weiß",
    "Tom Okafor",
    "Nguyễn Minh Anh",
    "Ayşe Demir",
    "Sofía Herrera",
    "Marcus Bell",
    "Łukasz Nowak",
    "Hana Kobayashi",
    "Deepak Iyer",
    "Fatima El-Sayed",
    "Ingrid Sørensen",
    "Caleb Whitfield",
)
# Alerts open most incidents; this is the name that they come in under.
ALERTING = "alertmanager"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, its share of the incidents, and its ways of failing.

    :param weight: the share, relative to the other services.
    :param worst: the highest severity that its incidents have, as a number; 1 is SEV1.
    :param failures: each with its share among those of the service.
    :param facts: what fills the braces in the texts; wins over the common facts.
    """

    name: str
    weight: int
    failures: Mapping[Failure, int]
    facts: Facts = field(default_factory=dict)
    worst: int = 1


SERVICES = (
    Service(
        name="payments-api",
        weight=15,
        failures={
            code.BAD_DEPLOY: 4,
            code.IDEMPOTENCY: 3,
            code.LIMITED: 4,
            code.POOL_EXHAUSTED: 4,
            code.WEBHOOKS: 3,
            data.SLOW_QUERY: 2,
            platform.CERTIFICATE: 2,
            platform.CONFIG: 1,
            platform.MONITORING: 2,
        },
        facts={
            "job": ("settlement-import", "refund-sweep"),
            "endpoint": (
                "POST /v1/charges",
                "POST /v1/refunds",
                "GET /v1/payment-methods",
                "POST /v1/3ds/complete",
            ),
            "peer": ("fraud-scoring", "ledger", "auth-gateway"),
            "third": ("Nordpay", "Kontobank", "Kontobank SEPA"),
            "db": ("payments-db",),
            "table": ("charges", "refunds", "payment_attempts"),
            "object": ("payment", "refund", "charge"),
            "host": ("api.pay.example.com", "3ds.pay.example.com"),
        },
    ),
    Service(
        name="checkout-web",
        weight=13,
        failures={
            code.BROWSER: 5,
            code.BAD_DEPLOY: 3,
            code.FLAG_MISFIRE: 3,
            code.LIMITED: 2,
            platform.CDN: 3,
            platform.MONITORING: 1,
        },
        facts={
            "job": ("address-cleanup",),
            "endpoint": ("/checkout/payment", "/basket", "/checkout/address", "POST /checkout/confirm"),
            "peer": ("payments-api", "inventory-sync", "pricing"),
            "third": ("Addressly", "Nordpay"),
            "object": ("order",),
            "feature": ("one-page checkout", "gift-card form", "express delivery option"),
            "page": ("the payment step", "the basket", "the address form", "the order confirmation"),
        },
    ),
    Service(
        name="auth-gateway",
        weight=11,
        failures={
            code.AUTH_KEYS: 5,
            code.CLOCK_SKEW: 2,
            code.LIMITED: 2,
            code.POOL_EXHAUSTED: 2,
            code.CACHE_STAMPEDE: 2,
            platform.CERTIFICATE: 3,
            platform.SECRETS: 2,
            platform.PODS: 2,
        },
        facts={
            "job": ("directory-sync",),
            "endpoint": ("POST /oauth/token", "GET /userinfo", "POST /sessions", "/saml/acs"),
            "peer": ("user-directory", "session-store"),
            "third": ("Smsgrid", "AcmeID"),
            "db": ("identity-db",),
            "table": ("sessions", "users"),
            "object": ("sign-in",),
            "host": ("login.example.com", "sso.example.com"),
        },
    ),
    Service(
        name="orders-db",
        weight=9,
        failures={
            data.REPLICA_LAG: 4,
            data.DISK_FULL: 3,
            data.SLOW_QUERY: 4,
            data.MIGRATION_LOCK: 4,
            platform.NETWORK: 1,
            platform.SECRETS: 1,
        },
        facts={
            "third": ("Reportly",),
            "endpoint": ("GET /orders", "POST /orders", "GET /orders/{id}/items"),
            "peer": ("orders-api",),
            "db": ("orders-db",),
            "table": ("orders", "order_items", "order_events"),
            "object": ("order",),
            "job": ("orders-archive", "orders-backfill"),
        },
    ),
    Service(
        name="notifications-worker",
        weight=9,
        worst=2,
        failures={
            data.QUEUE_BACKLOG: 5,
            code.LIMITED: 4,
            data.POISON_MESSAGE: 3,
            data.CRON_OVERLAP: 2,
            code.MEMORY_LEAK: 2,
            platform.MONITORING: 1,
        },
        facts={
            "table": ("deliveries", "subscriptions"),
            "endpoint": ("POST /notify", "POST /devices"),
            "peer": ("template-renderer", "user-directory"),
            "third": ("Smsgrid", "Postwing", "Pushline"),
            "queue": ("notify.email", "notify.push", "notify.sms"),
            "object": ("email", "push message", "SMS message"),
            "job": ("weekly-digest", "dunning-mails", "abandoned-basket"),
        },
    ),
    Service(
        name="search-indexer",
        weight=8,
        failures={
            data.INDEX_DRIFT: 5,
            data.QUEUE_BACKLOG: 2,
            code.MEMORY_LEAK: 3,
            data.POISON_MESSAGE: 2,
            data.DISK_FULL: 2,
            platform.PODS: 1,
        },
        facts={
            "third": ("Marktplatz24",),
            "job": ("nightly-reindex",),
            "endpoint": ("GET /search", "GET /suggest"),
            "peer": ("catalogue", "pricing"),
            "db": ("search",),
            "table": ("products", "listings"),
            "queue": ("catalogue.changes", "prices.changes"),
            "object": ("document",),
            "column": ("category_id", "brand", "slug"),
        },
    ),
    Service(
        name="inventory-sync",
        weight=7,
        worst=2,
        failures={
            data.CRON_OVERLAP: 3,
            code.LIMITED: 3,
            data.QUEUE_BACKLOG: 3,
            code.IDEMPOTENCY: 1,
            data.MIGRATION_LOCK: 2,
            data.WRONG_NUMBERS: 2,
        },
        facts={
            "endpoint": ("PUT /stock/bulk", "GET /stock/{sku}", "POST /reservations"),
            "peer": ("warehouse-gateway", "orders-api"),
            "third": ("Parcelo", "Rotterdam ERP"),
            "db": ("stock-db",),
            "table": ("stock_levels", "reservations"),
            "queue": ("stock.changes", "erp.import"),
            "object": ("stock update", "reservation"),
            "job": ("stock-reconcile", "erp-import"),
        },
    ),
    Service(
        name="cdn-edge",
        weight=6,
        failures={
            platform.CDN: 6,
            platform.CERTIFICATE: 2,
            platform.DNS: 2,
            platform.NETWORK: 1,
            code.BROWSER: 1,
        },
        facts={
            "db": ("origin-cache",),
            "third": ("Pixelwerk",),
            "endpoint": ("/assets/*", "/api/catalogue", "/images/*", "/upload"),
            "peer": ("media-pipeline", "checkout-web"),
            "host": ("static.example.com", "img.example.com", "www.example.com"),
            "page": ("the home page", "the product page"),
        },
    ),
    Service(
        name="billing-cron",
        weight=6,
        worst=2,
        failures={
            data.CRON_OVERLAP: 5,
            data.WRONG_NUMBERS: 4,
            code.LIMITED: 2,
            data.SLOW_QUERY: 2,
            platform.SECRETS: 1,
        },
        facts={
            "endpoint": ("GET /invoices", "POST /invoices/close"),
            "peer": ("ledger", "payments-api"),
            "third": ("Taxwell", "Kontobank"),
            "db": ("billing-db",),
            "table": ("invoices", "invoice_lines", "credits"),
            "object": ("invoice", "reminder"),
            "job": ("close-month", "invoice-run", "dunning"),
        },
    ),
    Service(
        name="k8s-platform",
        weight=6,
        failures={
            platform.PODS: 5,
            platform.DNS: 2,
            platform.NETWORK: 2,
            code.CLOCK_SKEW: 1,
            data.DISK_FULL: 1,
        },
        facts={
            "third": ("Harborhub",),
            "endpoint": ("ingress-nginx", "registry.internal/v2"),
            "peer": ("etcd", "registry", "ingress-nginx"),
            "db": ("etcd",),
            "host": ("registry.internal", "ingress.internal"),
            "job": ("image-gc", "etcd-defrag"),
        },
    ),
    Service(
        name="mobile-bff",
        weight=5,
        failures={
            code.BAD_DEPLOY: 4,
            code.MEMORY_LEAK: 2,
            code.FLAG_MISFIRE: 2,
            platform.CONFIG: 2,
            platform.NETWORK: 1,
            platform.MONITORING: 1,
        },
        facts={
            "db": ("session-store",),
            "third": ("Storefront API",),
            "endpoint": ("GET /mobile/v3/home", "GET /mobile/v3/orders", "POST /mobile/v3/devices"),
            "peer": ("catalogue", "orders-api", "auth-gateway"),
            "feature": ("new home screen", "order tracking map"),
            "header": ("X-App-Version", "Accept-Language"),
        },
    ),
    Service(
        name="media-pipeline",
        weight=5,
        worst=2,
        failures={
            data.QUEUE_BACKLOG: 3,
            data.DISK_FULL: 3,
            code.MEMORY_LEAK: 3,
            data.POISON_MESSAGE: 2,
            platform.PODS: 2,
            platform.SECRETS: 1,
        },
        facts={
            "endpoint": ("POST /uploads", "GET /renditions/{id}"),
            "peer": ("thumbnailer", "virus-scan"),
            "db": ("media-db",),
            "table": ("renditions",),
            "third": ("Blobhaus",),
            "queue": ("media.transcode", "media.thumbnails"),
            "object": ("image", "video"),
            "job": ("orphan-cleanup",),
            "column": ("colour_profile", "orientation"),
        },
    ),
    Service(
        name="kafka-core",
        weight=4,
        failures={data.DISK_FULL: 3, data.QUEUE_BACKLOG: 4, platform.NETWORK: 2, platform.CERTIFICATE: 2},
        facts={
            "third": ("Clickstat",),
            "endpoint": ("schema-registry",),
            "peer": ("schema-registry", "mirror-maker"),
            "db": ("kafka",),
            "queue": ("orders.events", "audit.log", "clickstream"),
            "object": ("event",),
            "host": ("kafka.internal",),
            "job": ("log-compaction",),
        },
    ),
    Service(
        name="data-warehouse",
        weight=5,
        worst=3,
        failures={data.WRONG_NUMBERS: 4, data.CRON_OVERLAP: 4, data.DISK_FULL: 1, platform.SECRETS: 2},
        facts={
            "third": ("Adscape",),
            "endpoint": ("GET /dashboards/revenue", "GET /exports/weekly"),
            "peer": ("orders-db", "clickstream"),
            "db": ("warehouse",),
            "table": ("fact_orders", "dim_customer", "fact_sessions"),
            "object": ("row",),
            "job": ("dbt-daily", "revenue-rollup", "attribution"),
        },
    ),
    Service(
        name="pricing",
        weight=4,
        worst=2,
        failures={
            code.CACHE_STAMPEDE: 4,
            code.BAD_DEPLOY: 2,
            data.WRONG_NUMBERS: 2,
            platform.CONFIG: 2,
            code.FLAG_MISFIRE: 1,
        },
        facts={
            "endpoint": ("GET /prices", "POST /quotes", "GET /promotions"),
            "peer": ("catalogue", "inventory-sync"),
            "db": ("pricing-db",),
            "table": ("price_rules", "promotions"),
            "object": ("quote", "price"),
            "feature": ("volume discounts", "loyalty prices"),
            "job": ("price-import",),
        },
    ),
    Service(
        name="internal-dns",
        weight=2,
        failures={platform.DNS: 6, platform.CONFIG: 1, platform.MONITORING: 1},
        facts={
            "endpoint": ("resolver-a", "resolver-b"),
            "peer": ("payments-db", "vault", "registry.internal"),
            "host": ("vault.internal", "payments-db.internal", "registry.internal"),
        },
    ),
)
