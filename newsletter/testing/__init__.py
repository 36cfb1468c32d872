"""Contract suites: what every member of a family must hold, for the authors of plug-ins and for our own.

A suite is a plain class of test methods; pytest runs them in a subclass that says what is tested::

    class TestMyProvider(HttpProviderContract):
        samples = Path(__file__).parent / "samples" / "mine"

        def make(self, folder, base_url):
            return MyProvider(key=Secret(SECRET), base_url=base_url)

        def answer(self, request):
            return httpx.Response(200, json={"ids": ["1" for _ in json.loads(request.content)]})
"""

from newsletter.testing.engines import EngineContract
from newsletter.testing.hooks import HookContract
from newsletter.testing.http_providers import HttpProviderContract
from newsletter.testing.providers import SECRET, ProviderContract, sample_batch
from newsletter.testing.sources import SourceContract

__all__ = [
    "SECRET",
    "EngineContract",
    "HookContract",
    "HttpProviderContract",
    "ProviderContract",
    "SourceContract",
    "sample_batch",
]
