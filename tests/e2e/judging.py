"""What every page has to be: as wide as its window, and readable by all."""


def overflow(tab) -> int:
    """By how many pixels a page is wider than its window."""
    return tab.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def serious_violations(tab) -> set[tuple[str, str]]:
    """What axe-core finds serious or critical: its rule and the first element of each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(tab, options={"resultTypes": ["violations"]}).response["violations"]
    return {
        (each["id"], each["nodes"][0]["html"][:120])
        for each in found
        if each["impact"] in ("serious", "critical")
    }
