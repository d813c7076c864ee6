"""`make samples`: write the samples that are missing. One that exists is history, and stays as it is."""

from domain.kernel import FACTS
from tests.domain.stored.samples import import_all_facts, sample_file, write_sample


def main() -> None:
    import_all_facts()
    missing = [cls for name, cls in sorted(FACTS.items()) if not sample_file(name).exists()]
    for cls in missing:
        print(f"wrote {write_sample(cls).name}")
    print(f"{len(FACTS)} facts, {len(missing)} samples were missing")


if __name__ == "__main__":
    main()
