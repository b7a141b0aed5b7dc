"""The style sheet of the page: light, dark, narrow, and A4. Nothing comes from elsewhere."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from pkikit.view.drawing import THEME_CSS

STYLE = (
    THEME_CSS
    + """
:root{color-scheme:light dark;--paper:#fff;--soft:#f4f6f9;--ink:#171b21;--muted:#4d5866;--line:#d5dbe3;--link:#0a58a5;
--red:#b3261e;--red-soft:#fdecea;--yellow:#7a5200;--yellow-soft:#fff4d6;--green:#0b6e3b;--green-soft:#e7f5ec;
--grey:#4d5866;--grey-soft:#eef1f5}
@media (prefers-color-scheme:dark){:root{--paper:#111418;--soft:#1a2027;--ink:#eef1f5;--muted:#b4bfca;--line:#38434f;
--link:#8dbbff;--red:#ffa29a;--red-soft:#3d1c1a;--yellow:#f2c063;--yellow-soft:#352c12;--green:#74d69f;--green-soft:#15311f;
--grey:#b4bfca;--grey-soft:#232b34}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:72rem;padding:2rem 1.5rem 4rem;background:var(--paper);color:var(--ink);
font:1rem/1.55 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans","DejaVu Sans",sans-serif}
h1,h2,h3,p,li,td,th,dd,figcaption{overflow-wrap:anywhere}
h1{font-size:2rem;line-height:1.2;margin:.1rem 0 .3rem;letter-spacing:-.01em}
h2{font-size:1.35rem;line-height:1.3;margin:3rem 0 .6rem;padding-top:.9rem;border-top:1px solid var(--line)}
h3{font-size:1.02rem;margin:0 0 .35rem}
p{margin:.4rem 0 .7rem;max-width:46rem}
a{color:var(--link)} a:focus-visible,.scroll:focus-visible,summary:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.kind{color:var(--muted);font-size:.8rem;font-weight:600;letter-spacing:.08em;text-transform:uppercase;margin:0}
.facts{color:var(--muted);margin:0 0 1.4rem;max-width:none} .muted{color:var(--muted)} .small{font-size:.875rem}
.light{display:grid;grid-template-columns:auto 1fr;gap:0 1.1rem;align-items:center;border-radius:12px;padding:1.2rem 1.4rem;
border:1px solid;border-left-width:8px}
.light svg{width:2.6rem;height:2.6rem}
.light h2{border:0;margin:0;padding:0;font-size:1.45rem} .light p{margin:.2rem 0 0;color:var(--ink);font-size:1.08rem}
.red{border-color:var(--red);background:var(--red-soft);color:var(--red)}
.yellow{border-color:var(--yellow);background:var(--yellow-soft);color:var(--yellow)}
.green{border-color:var(--green);background:var(--green-soft);color:var(--green)}
.grey{border-color:var(--grey);background:var(--grey-soft);color:var(--grey)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.8rem;margin:1rem 0 0;padding:0}
.figures div{border:1px solid var(--line);border-radius:10px;padding:.7rem .9rem}
.figures dt{color:var(--muted);font-size:.85rem} .figures dd{margin:0;white-space:nowrap;
font-size:1.5rem;font-weight:650;line-height:1.25}
.figures dd small{display:block;white-space:normal;font-size:.85rem;font-weight:400;color:var(--muted);line-height:1.35}
.up{color:var(--green)} .down{color:var(--red)} .open{color:var(--grey)} .state{font-weight:650;white-space:nowrap}
ol.todo{padding-left:1.6rem;max-width:52rem} ol.todo li{margin:.55rem 0} ol.todo li::marker{font-weight:700}
ol.todo span{color:var(--muted);display:block}
.card{border:1px solid var(--line);border-radius:10px;padding:1rem 1.2rem;margin:.9rem 0;background:var(--paper)}
.card.bad{border-left:6px solid var(--red)} .card.odd{border-left:6px solid var(--yellow)}
.card p{max-width:none}
.card dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:.6rem 0 0}
.card dt{color:var(--muted)} .card dd{margin:0} .card dd.fix{font-weight:600}
code,.mono{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:.6rem 0 1rem}
table{border-collapse:collapse;width:100%;font-size:.9rem;table-layout:fixed;min-width:42rem}
caption{text-align:left;color:var(--muted);padding:0 0 .4rem;font-size:.875rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .8rem .5rem 0}
tbody{border-bottom:1px solid var(--line)}
thead th{font-size:.82rem;color:var(--muted);font-weight:600;border-bottom:2px solid var(--line);overflow-wrap:break-word}
tbody th{font-weight:600} tbody th .muted,tbody th .again{font-weight:400} .again{color:var(--muted)}
td ul{margin:.15rem 0 0;padding-left:1rem} td p,th p{margin:0 0 .15rem}
tr.below td{padding-top:0;color:var(--muted);font-size:.85em}
@media (min-width:44.01rem),print{.services th:nth-child(1){width:19%}
.services th:nth-child(2){width:9%} .services th:nth-child(3){width:15%}
.promises th:nth-child(1){width:26%} .promises th:nth-child(2){width:13%} .promises th:nth-child(3){width:35%}
.dates th:nth-child(1){width:11%} .dates th:nth-child(2){width:12%} .dates th:nth-child(3){width:35%}
.dates th:nth-child(4){width:13%}
.certificates th:nth-child(1){width:22%} .certificates th:nth-child(2){width:25%} .certificates th:nth-child(3){width:22%}
.certificates th:nth-child(4){width:15%} .authorities th:nth-child(1){width:22%} .authorities th:nth-child(2){width:12%}
.authorities th:nth-child(3){width:22%} .authorities th:nth-child(4){width:18%}
.missing th:nth-child(1){width:14%} .missing th:nth-child(2){width:17%} .missing th:nth-child(3){width:14%}
.halves th:nth-child(1){width:32%} .connections th:nth-child(1){width:28%} .connections th:nth-child(2){width:14%}
.connections th:nth-child(3){width:26%}}
.date{white-space:nowrap;font-variant-numeric:tabular-nums}
figure{margin:.8rem 0 0} figure .scroll svg{max-width:100%;height:auto;min-width:46rem;display:block}
details{margin:.4rem 0} summary{cursor:pointer;color:var(--link)} summary h3{display:inline} .paper{display:none}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;padding:0;margin:1.4rem 0 0;font-size:.92rem}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.8rem;color:var(--muted);font-size:.85rem}
@media screen and (max-width:44rem){body{padding:1.2rem 1rem 3rem} h1{font-size:1.6rem} .card dl{grid-template-columns:1fr;gap:0}
.card dt{margin-top:.5rem} .light{grid-template-columns:1fr} .light svg{width:2rem;height:2rem;margin-bottom:.4rem}
table.fold{min-width:0} table.fold thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table.fold,table.fold caption,table.fold tbody,table.fold tr,table.fold td,table.fold tbody th{display:block;width:auto}
table.fold tbody{padding:.6rem 0} table.fold td,table.fold tbody th{padding:.1rem 0}
table.fold td:empty{display:none}
table.fold td[data-label]::before{content:attr(data-label) ": ";color:var(--muted);font-size:.85em}}
@page{size:A4;margin:15mm 14mm 16mm}
@media print{:root{color-scheme:light;--paper:#fff;--soft:#fff;--ink:#000;--muted:#333;--line:#bbb;--link:#000;
--red:#8c1d18;--red-soft:#fff;--yellow:#5c3e00;--yellow-soft:#fff;--green:#0b5a31;--green-soft:#fff;--grey:#333;--grey-soft:#fff}
html{font-size:9.4pt} body{max-width:none;padding:0;line-height:1.42} h1{font-size:20pt} h2{margin-top:1.8rem}
nav,summary,details,.todo a{display:none} .paper,details.more{display:block} .more::details-content{content-visibility:visible}
.more>summary:has(h3){display:block;color:var(--ink);list-style:none} a{text-decoration:none}
h2,h3,caption,thead,h2+p,h3+p{break-after:avoid} p,li{break-inside:avoid}
.card,.light,.figures,figure,tbody,ol.todo li{break-inside:avoid}
table{font-size:8.2pt;min-width:0} thead{display:table-header-group} .scroll{overflow:visible} figure .scroll svg{min-width:0}
th,td{padding:.3rem .6rem .3rem 0} .figures{grid-template-columns:repeat(5,1fr);gap:.5rem}
.figures dd{font-size:13pt;white-space:nowrap}
.connections th:nth-child(4),.connections td:nth-child(4),.connections caption{display:none}
.connections th:nth-child(1){width:32%} .connections th:nth-child(2){width:16%} .connections th:nth-child(3){width:52%}
.figures dd small{white-space:normal} .figures div{padding:.5rem .6rem}}
"""
)


def policy_of(style: str) -> str:
    """Return what a page may load: its own style sheet, and nothing else.

    Args:
        style: the style sheet.

    Returns:
        A content security policy.
    """
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
