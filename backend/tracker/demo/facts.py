"""Numbers, versions, regions and other particulars that make one incident differ from the next."""

from collections.abc import Mapping
from random import Random

Facts = Mapping[str, tuple[str, ...]]


def _thousands(low: int, high: int, step: int) -> tuple[str, ...]:
    return tuple(f"{number:,}" for number in range(low, high, step))


def _numbers(low: int, high: int) -> tuple[str, ...]:
    return tuple(map(str, range(low, high + 1)))


def _tenths(low: int, high: int) -> tuple[str, ...]:
    return tuple(f"{number / 10:.1f}" for number in range(low, high + 1) if number % 10)


def _seconds(low: int, high: int) -> tuple[str, ...]:
    return tuple(f"{tenths} s" for tenths in _tenths(low, high))


COMMON: Facts = {
    "region": (
        "eu-central-1",
        "eu-west-1",
        "us-east-1",
        "us-west-2",
        "ap-southeast-2",
        "ap-south-1",
        "sa-east-1",
    ),
    "tickets": _numbers(3, 48),
    "small": _tenths(11, 69),
    "minutes": _numbers(4, 55),
    "hours": _numbers(2, 17),
    "days": _numbers(2, 26),
    "seconds": _numbers(11, 94),
    "times": _numbers(3, 14),
    "digit": _numbers(2, 9),
    "count_small": _numbers(2, 9),
    "mb": _numbers(12, 240),
    "gb": _numbers(14, 380),
    "load": _numbers(81, 99),
    "pool": ("15", "20", "25", "30", "40", "50"),
    "big": tuple(f"{number / 10:.1f} million" for number in range(11, 60)) + _thousands(21_000, 960_000, 1_700),
    "header": ("X-Tenant", "X-Request-Source", "Accept-Language", "Idempotency-Key"),
    "feature": ("new onboarding", "saved searches", "dark theme"),
    "flag": (
        "new-price-box",
        "checkout-v2",
        "async-capture",
        "eu-address-form",
        "lazy-images",
        "unified-login",
    ),
    "browser": ("Safari 17", "iOS 17.4", "Firefox ESR", "Chrome 126 on Android", "Samsung Internet 25"),
    "page": ("the home page", "the account page"),
    "jserror": (
        "TypeError: undefined is not an object",
        "ChunkLoadError: Loading chunk 41 failed",
        "ReferenceError: structuredClone is not defined",
        "QuotaExceededError",
    ),
    "term": ("rain jacket", "iphone case", "kinderwagen", "café", "40 mm bolt", "straße"),
    "column": ("customer_id", "tenant_id", "external_ref", "currency"),
    "setting": ("UPSTREAM_TIMEOUT", "RETRY_BUDGET", "POOL_RECYCLE", "MAX_BODY"),
}

# How bad a number looks goes with the severity: an outage is not 0.3% of requests.
BY_SEVERITY: Mapping[int, Facts] = {
    1: {"pct": _numbers(38, 96), "latency": _seconds(90, 300), "count": _thousands(4_100, 48_000, 137)},
    2: {"pct": _numbers(12, 46), "latency": _seconds(41, 140), "count": _thousands(1_300, 14_000, 83)},
    3: {"pct": _numbers(3, 19), "latency": _seconds(14, 60), "count": _thousands(240, 4_700, 19)},
    4: {"pct": _tenths(3, 39), "latency": _seconds(11, 29), "count": _numbers(24, 830)},
}


# The letters of Kubernetes' random suffixes: no vowels, so that they never spell a word.
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


def facts_of(service: str, particular: Facts, random: Random) -> dict[str, tuple[str, ...]]:
    """All that texts about this service may name, each with its possible values, apart from ``BY_SEVERITY``
    and ``clock``, the time of day.

    :param particular: the service's own facts; they win over the common ones.
    """
    facts = {**COMMON, **particular}
    facts["service"] = (service,)
    facts["Object"] = tuple(text[:1].upper() + text[1:] for text in facts.get("object", ()))
    major = random.randint(1, 7)
    # Most releases are never patched, and so patch 0 is the most frequent.
    patches = (0, 0, 0, 1, 1, 2, 3, 4)
    facts["version"] = tuple(f"v{major}.{minor}.{patch}" for minor in range(8, 48) for patch in patches)
    facts["sha"] = tuple(f"{random.getrandbits(28):07x}" for _ in range(499))
    replica_sets = [f"{service}-{random.getrandbits(32):08x}" for _ in range(40)]
    facts["pod"] = tuple(f"{name}-{''.join(random.choices(_SUFFIX, k=5))}" for name in replica_sets for _ in range(10))
    return facts
