"""Arguments and options that several commands share."""

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
issue_argument = click.argument("issue", required=False)
language_option = click.option(
    "--language", "-l", "languages", multiple=True, help="Only this language; may be repeated."
)
item_option = click.option("--item", "-i", "items", multiple=True, help="Only this item; may be repeated.")
