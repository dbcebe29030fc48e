"""Facts of Elastic Load Balancing, and of the certificates of its listeners.

Sources: Elastic Load Balancing user guides, "Security policies for your Application Load Balancer"; ELBv2 API,
HostHeaderConditionConfig and the other conditions, RedirectActionConfig; RewriteConfig; "Condition types for
listener rules", "Add a listener rule", "Transforms for listener rules", "Quotas for your Application Load Balancers";
read 2026-11. Two pages differ in the characters of a parameter: here are those of both. Not published, so the narrower:
what characters the path of a redirect, and what a path is rewritten to, may have, and which rewrites fail, for which
each request is answered with 500: here those to a path that does not begin with /.
"""

from typing import Final

_FORMS: Final = {
    "2021-06": ("1-3", "1-2", "1-2-Res", "1-2-Ext1", "1-2-Ext2"),
    "PQ-2025-09": ("1-3", "1-2", "1-2-Res", "1-2-Ext1", "1-2-Ext2"),
    "FIPS-2023-04": ("1-3", "1-2", "1-2-Res", "1-2-Ext0", "1-2-Ext1", "1-2-Ext2"),
    "FIPS-PQ-2025-09": ("1-3", "1-2", "1-2-Res", "1-2-Ext0", "1-2-Ext1", "1-2-Ext2"),
}
TLS_POLICIES: Final = tuple(f"ELBSecurityPolicy-TLS13-{form}-{of}" for of, forms in _FORMS.items() for form in forms)
"""Security policies with TLS 1.3 that take nothing older than TLS 1.2. `Res` has the fewest ciphers, `PQ` new keys."""

VALUE_LENGTH: Final = 128  # characters in each value of a rule's conditions: a host, a path, a header, a parameter
PREFIX_LENGTH: Final = VALUE_LENGTH - len("/*")  # characters in the beginning of a path, whose condition ends in /*
HEADER_NAME_LENGTH: Final = 40  # characters in the name of a header of a condition
HOST_PATTERN: Final = "^[*?A-Za-z0-9.-]*[.][A-Za-z]+$"  # of the host of a condition
HEADER_PATTERN: Final = r"^[ -\[\]-~]+$"  # of the value of a header: visible characters and blanks, and no backslash
PARAMETER_PATTERN: Final = r"^[A-Za-z0-9_.~$'@:+&()!,;=/*?-]+$"  # of a parameter's name and value, with the wildcards
PATH_CHARACTERS: Final = "A-Za-z0-9/_.~$&'+:@-"  # of a path, besides the wildcards * and ?; a class of a pattern
REWRITE_LENGTH: Final = 1024  # characters in what a path is rewritten to
REWRITE_PATTERN: Final = f"^/[{PATH_CHARACTERS.replace('$', '')}]*$"  # of that; $ and a backslash would name a group
REDIRECT_PATTERN: Final = f"^/([{PATH_CHARACTERS}]|#[{{](host|path|port)[}}])*$"  # of a new path
VALUES_PER_RULE: Final = 5  # of all conditions together
WILDCARDS_PER_RULE: Final = 5  # * and ? of all conditions together; 6 by the page of quotas
TARGETS_PER_RULE: Final = 5  # target groups that one action forwards to
HEAVIEST_TARGET: Final = 999  # weight of a target group
REDIRECT_CODES: Final = (301, 302)
NAMES_PER_CERTIFICATE: Final = 10  # a quota of ACM. Source: AWS Certificate Manager user guide, "Quotas"; read 2026-11
FIRST_NAME_LENGTH: Final = 64  # characters in the first name of a certificate of ACM
RULES_PER_LOAD_BALANCER: Final = 100  # without the default rules; a quota
LOG_WRITERS: Final = frozenset(
    (
        *("009996457667", "027434742980", "033677994240", "054676820928", "076674570225", "098369216593"),
        *("114774131450", "127311923021", "156460612806", "383597477331", "507241528517", "582318560864"),
        *("589379963580", "600734575887", "635631232127", "652711504416", "718504428378", "754344448648"),
        *("783225319266", "797873946194", "897822967062", "985666609251"),
    )
)
"""Accounts of Elastic Load Balancing that write access logs, in the regions before August 2022; later it is a service.

Source: Elastic Load Balancing user guides, "Enable access logs for your Application Load Balancer", as repeated in
awslabs/elastic-beanstalk-samples and in CDK's tables; read 2026-11.
"""
