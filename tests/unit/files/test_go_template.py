"""Templates of alerts as Go's text/template parses them."""

import pytest

from gameday.files.promql import go_template

VALID = [
    "no template at all }}",
    "{{ $labels.instance }} is {{ $value | humanize }}",
    '{{ with query "up" }}{{ . | first | value }}{{ else }}none{{ end }}',
    '{{ range $i, $x := query "up" }}{{ $i }}{{ break }}{{ end }}',
    "{{ if eq $labels.a `x` }}a{{ else if true }}b{{ end }}",
    "{{- /* a }} comment */ -}} x",
    '{{ $x := 1 }}{{ $x = 2 }}{{ printf "%.2f" $x }}',
    '{{ define "x" }}{{ . }}{{ end }}{{ template "x" $value }}',
    "{{ (index $labels `a`).b | len | print 'c' 0x1F -1.5e3 }}",
    "{{ $ }}{{ . }}{{ .Value }}{{ -3 }}{{ 3 -}}",
    "{{ $externalLabels.cluster }}{{ $externalURL }}{{ .ExternalLabels.x }}",
    "{{ 1+2i }}{{ 1e5-2i }}{{ .5+.5i }}{{ 0x1.8p1 }}{{ 1_000 }}{{ 08i }}",
    "{{ 18446744073709551615 }}{{ -9223372036854775808 }}{{ 1e308 }}{{ 017 }}",
    '{{ "\\ue000" }}{{ "\\U0010FFFF" }}{{ print \'\\U0001F600\' }}',
    '{{ define "x" }}a{{ end }}{{ define "x" }} {{/* blank */}} {{ end }}',
    '{{ block "x" . }}{{ end }}{{ block "x" . }}a{{ end }}{{ $labels.größe }}',
]


@pytest.mark.parametrize("text", VALID)
def test_what_go_parses(text: str) -> None:
    go_template.parse(text)


BROKEN = [
    ("gone: {{ $labels.instance", "unclosed action"),
    ('{{ if eq $labels.job "web" }}web is gone', "an {{end}} is missing"),
    ('{{ $labels.job | default "x" }}', "function 'default' not defined"),
    ("{{ humanise $value }}", 'did you mean "humanize"?'),
    ("{{ $labels.pod-name }}", "bad character '-'"),
    ("{{ $label.x }}", "undefined variable '$label'; did you mean \"$labels\"?"),
    ("{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}", "undefined variable '$x'"),
    ('{{ define "x" }}{{ $value }}{{ end }}', "undefined variable '$value'"),
    ("{{ end }}", "unexpected {{end}}"),
    ("{{ if true }}{{ else }}{{ else }}{{ end }}", "expected end; found {{else}}"),
    ("{{ if }}x{{ end }}", "missing value for if"),
    ("{{ }}", "missing value for command"),
    ("{{ $value * 100 }}", "unexpected '*' in operand"),
    ("{{ $value | 5 }}", "non executable command in pipeline stage 2"),
    ("{{ ( $value }}", "unclosed left paren"),
    ("{{ $value ) }}", "unexpected right paren"),
    ('{{ "a }}', "unterminated quoted string"),
    (r'{{ reReplaceAll "\." "" "a" }}', "invalid syntax in the string"),
    ("{{ 'ab' }}", "malformed character constant"),
    ("{{ 12abc }}", "bad number syntax"),
    ("{{ 1+2 }}", "bad number syntax"),
    ("{{ 18446744073709551616 }}", "no number that Go can hold"),
    ("{{ " + "9" * 5000 + " }}", "no number that Go can hold"),
    ("{{ 1e400 }}", "no number that Go can hold"),
    ("{{ 0x1.8 }}", "no number that Go can hold"),
    ("{{ 0b1i }}", "no number that Go can hold"),
    (r'{{ "\ud800" }}', "invalid syntax in the string"),
    (r"{{ '\U00110000' }}", "malformed character constant"),
    ("{{ $labels.x² }}", "bad character '²'"),
    ("{{ $labels.aⅧ }}", "bad character 'Ⅷ'"),
    ('{{ define "x" }}a{{ end }}{{ define `x` }}b{{ end }}', "multiple definition"),
    ('{{ block "x" . }}a{{ end }}{{ define "x" }}b{{ end }}', "multiple definition"),
    ("{{ break }}", "{{break}} outside {{range}}"),
    ("{{/* never closed }}", "unclosed comment"),
    ("{{ if true }}" * 500, "nested deeper"),
    ("{{ " + "(" * 500 + "1" + ")" * 500 + " }}", "nested deeper"),
]


@pytest.mark.parametrize(("text", "reason"), BROKEN)
def test_what_go_refuses(text: str, reason: str) -> None:
    with pytest.raises(go_template.TemplateError) as raised:
        go_template.parse(text)
    assert reason in str(raised.value)


def test_what_a_template_reads() -> None:
    reads = go_template.parse(
        '{{ if gt $value 1.0 }}{{ .Labels.x }}{{ "$no" }}{{ end }}'
    )
    assert reads == {"$value", ".Labels"}
