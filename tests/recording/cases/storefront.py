"""The pages of the shop."""

from tests.recording.cases.search import SERVERS
from tests.recording.identifiers import UNKNOWN, product_id
from tests.recording.steps import Step, get, send

HTML = {"Accept": "text/html,application/xhtml+xml"}
PAGES = {
    "home": "/",
    "words": "/?q=laptop",
    "typing error": "/?q=headphnes",
    "words left out": "/?q=laptop+zzqxw",
    "nothing found": "/?q=zzqxw",
    "nothing found with filters": "/?q=laptop&brand=Norvane&price_max=1",
    "filters": "/?brand=Norvane&brand=Weft&in_stock=true&sort=price_asc",
    "variants": "/?q=shirt&attr.size=XL&attr.color=red",
    "category": "/?category=kitchen/cups",
    "range": "/?attr.weight_g_min=500&attr.weight_g_max=1500&price_min=5",
    "second page": "/?q=garden+chair&per_page=5&page=2",
    "markup": "/?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "markup found": "/?q=poster",
    "letters": "/?q=%E6%80%A5%E9%A0%88",
    "blank fields": "/?q=lamp&price_min=&price_max=",
    "refused": "/?page=0",
    "unknown parameter": "/?nothing=1",
    "too long": "/?q=" + "x" * 201,
    "product": f"/p/{product_id('NX-450')}",
    "product after words": f"/p/norvane-laptop-{product_id('NX-450')}",
    "product with variants": f"/p/{product_id('TEE')}",
    "product, a variant": f"/p/{product_id('TEE')}?variant=TEE-XL&view=2",
    "product, markup": f"/p/{product_id('MARK-1')}",
    "product, letters": f"/p/{product_id('JA-1')}",
    "product, draft": f"/p/{product_id('DRAFT')}",
    "product, unknown": f"/p/{UNKNOWN}",
    "product, no id": "/p/nothing",
    "suggestions": "/suggest?q=lapt",
    "suggestions, nothing typed": "/suggest",
    "suggestions refused": "/suggest?q=" + "x" * 201,
    "unknown page": "/nothing/here",
}
STEPS: list[Step] = [
    *(
        get(
            f"shop{'' if server == 'main' else ' without Elasticsearch'}: {name}",
            path,
            "shop",
            headers=HTML,
            server=server,
        )
        for server in SERVERS
        for name, path in PAGES.items()
    ),
    get("shop: picture", "/pictures/phone_case-navy-0.svg", "shop"),
    get("shop: unknown picture", "/pictures/nothing-navy-0.svg", "shop", headers=HTML),
    get("shop: unknown file", "/static/0/shop.css", "shop", headers=HTML),
    get("shop: icon", "/favicon.ico", "shop"),
    get("shop: forced key", "/?q=laptop", "shop", headers=HTML, credential="key-norvane"),
    send("shop: head", "HEAD", "/?q=laptop", None, "shop", headers=HTML),
    send("shop: post", "POST", "/", {}, "shop", headers=HTML),
]
