"""The pictures inside a mail, as the APIs want them that take them as JSON; ``mime.embed`` finds them."""

from base64 import b64encode

from newsletter.model import Asset


def file_name(name: str, asset: Asset) -> str:
    """A file for a picture called by its Content-ID; some providers go by its ending, not by the picture's type."""
    return f"{name}.{asset.type.rpartition('/')[2].partition('+')[0]}"


def encoded(asset: Asset) -> str:
    """A picture's bytes in base64, without breaks."""
    return b64encode(asset.data).decode()
