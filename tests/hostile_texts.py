"""Texts that somebody says, or puts where a name belongs, to break the pages of those who read them. In a browser
`tripped` is there to be called: no text may ever get so far."""

RLO, LRI, RLI, FSI, POP = "\u202e", "\u2066", "\u2067", "\u2068", "\u2069\u202c"
LONGEST = 32 * 1024  # bytes of a transcript's content
ZALGO = "".join(letter + "\u0301\u0310\u0316\u0329\u0353\u0488" * 50 for letter in "zalgo")

MARKUP = {
    "tags": "<b>bold</b> <h1>big</h1> &amp; &lt;i&gt; <!-- gone --> <plaintext>",
    "script": "<script>tripped('script')</script>",
    "end of script": "--></script></template></style></title></textarea><script>tripped('end')</script>",
    "end of place": "</p></li></ol></live-transcript></table><script>tripped('place')</script>",
    "image": "<img src=x onerror=\"tripped('image')\"><svg onload=tripped('svg')><iframe srcdoc='<script>'>",
    "link": "javascript:tripped('link') <a href=\"javascript:tripped('a')\">click</a> [x](javascript:tripped('md'))",
    "attribute": "\" autofocus onfocus=\"tripped('double')\" x='' onmouseover='tripped(\"single\")' `",
    "style": "</style><style>* { display: none }</style><link rel=stylesheet href=http://elsewhere.example.com/x>",
    "elsewhere": '<img src="http://elsewhere.example.com/x.gif"><base href="//elsewhere.example.com/">',
    "refresh": '<meta http-equiv="refresh" content="0; url=http://elsewhere.example.com/">',
    "template": "{{7*7}} {% raw %} ${7*7} #{7*7} <%= 7*7 %> {{constructor.constructor(\"tripped('t')\")()}} %s %(x)s",
    "escapes": "\\u003cscript\\u003e \\x3cb> %3Cscript%3E &#60;b&#62; \\\\ \\",
    "prototype": "__proto__ constructor toString hasOwnProperty",
}
WRITING = {
    "override": f"{RLO}gnp.exe {RLO}still",
    "isolates": f"{LRI}{RLI}{FSI}open {RLO}and more",
    "closers": f"{POP * 8}closed",
    "zalgo": ZALGO,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈👍🏿🇨🇭🧑🏽‍🚀 ☎️ \U0001f6b2",
    "hebrew": "שלום, האופניים מוכנים? (כן!) 12:30",
    "arabic": "مرحبا، هل دراجتي جاهزة؟ +١ ٥٥٥",
    "mixed": "He said “שלום (world)!” and left; مرحبا 123 abc",
    "invisible": "\ufeffzero\u200bwidth\u200d\u00ad\u2060\U000e0041\ufffe\uffff\U0010ffff\ue000",
    "spaces": "  two\t\ttabs\r\nand\nlines\u2028sep\u2029par\x85nel\u3000wide\u00a0hard  ",
    "controls": "\x01\x07\x08\x0b\x0c\x1b[31mred\x1b[2J\x7f\x9b",
    "tall": "\n" * 40 + "below",
}
LONG = {
    "word": "w" * 30_000,
    "combining": "e" + "\u0301" * 15_000,
    "longest": "é" * (LONGEST // 2),
    "wide": "﷽" * 2_000 + "𒐫" * 2_000,
}
CONTENTS = MARKUP | WRITING | LONG
