"""Reads a text of metrics with prometheus_client, and checks what that leaves open."""

import sys

from prometheus_client.parser import text_string_to_metric_families

path = sys.argv[1]
with open(path, encoding="utf-8") as file:
    families = list(text_string_to_metric_families(file.read()))
names = [family.name for family in families]
assert len(names) == len(set(names)), f"a family is there twice: {names}"
series = 0
for family in families:
    assert family.type in ("counter", "gauge", "histogram"), f"{family.name} is {family.type}"
    assert family.documentation, family.name
    seen = set()
    for sample in family.samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        assert key not in seen, f"{key} is there twice"
        seen.add(key)
        series += 1
    if family.type == "histogram":
        for sample in (sample for sample in family.samples if sample.name.endswith("_count")):
            buckets = [
                bucket.value
                for bucket in family.samples
                if "le" in bucket.labels
                and {k: v for k, v in bucket.labels.items() if k != "le"} == sample.labels
            ]
            assert buckets == sorted(buckets) and buckets[-1] == sample.value, sample
odd = [s for f in families for s in f.samples if s.labels.get("service") == 'a "quoted\\ name\n']
assert odd, "the escaped name is not read back"
print(f"{path}: {len(families)} metrics, {series} series")
