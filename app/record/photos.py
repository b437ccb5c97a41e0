"""Files that people send: told by their content, photos drawn anew so that nothing but the picture is kept."""

import io

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from app.errors import Invalid

FILE_LIMIT_BYTES = 15_000_000  # as sent: a phone's photo has 3 to 8 MB; a browser that can makes it smaller before
PIXEL_LIMIT = 50_000_000  # what a phone takes; a picture that unfolds to more is refused before it is unfolded
SIDE_PX = 2560  # of what is kept: a mole fills it, and it has less than 2 MB
QUALITY = 88
JPEG, PDF = "image/jpeg", "application/pdf"
FORMATS = ("JPEG", "PNG", "WEBP")
_UNREADABLE = "This file is neither a photo (JPEG, PNG, WebP) nor a PDF that can be read. Please send another."
_TOO_LARGE = "This photo is too large. Please send a smaller one."


def clean(data: bytes) -> tuple[str, bytes]:
    """(media type, bytes to keep) of a file as it was sent; its name is not asked.

    A photo is turned upright, brought to sRGB and at most SIDE_PX, and encoded anew as JPEG: place, time, device and
    hidden previews are gone. A PDF stays as it is. Raises Invalid for anything else.
    """
    if data.startswith(b"%PDF-"):
        return PDF, data
    try:
        return JPEG, _drawn_anew(data)
    except Image.DecompressionBombError:
        raise Invalid(_TOO_LARGE) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):  # what Pillow raises for broken files
        raise Invalid(_UNREADABLE) from None


def _drawn_anew(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data), formats=FORMATS) as photo:
        if photo.width * photo.height > PIXEL_LIMIT:
            raise Invalid(_TOO_LARGE)
        photo.draft("RGB", (SIDE_PX, SIDE_PX))  # a large JPEG is decoded smaller: a quarter of time and memory
        upright = ImageOps.exif_transpose(photo)
        upright.thumbnail((SIDE_PX, SIDE_PX))
        out = io.BytesIO()
        _opaque(_in_srgb(upright, photo.info.get("icc_profile"))).save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _in_srgb(photo: Image.Image, profile: bytes | None) -> Image.Image:
    # The profile goes with the metadata, so colours are brought to what every screen assumes: skin must look as it is.
    if profile is None or photo.mode != "RGB":
        return photo
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(photo, own, ImageCms.createProfile("sRGB")) or photo
    except (ImageCms.PyCMSError, OSError):
        return photo


def _opaque(photo: Image.Image) -> Image.Image:
    if photo.mode in ("RGB", "L"):
        picture = photo.copy()
    else:
        seen = photo.convert("RGBA")
        picture = Image.new("RGB", seen.size, "white")
        picture.paste(seen, mask=seen.getchannel("A"))
    picture.info.clear()
    return picture
