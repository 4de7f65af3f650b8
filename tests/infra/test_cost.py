"""The bill counts everything that stands in the templates, and what a day costs while nobody comes stays low."""

import json
import shutil

import pytest
from tests.infra.everything import every

from shop.deploy.aws.cost.bill import PRICED, bill
from shop.deploy.aws.cost.prices import Prices
from shop.deploy.aws.cost.table import markdown, reckoned, shown
from shop.deploy.package.build import ROOT
from shop.local.errors import Failed


@pytest.fixture(scope="session")
def reckoning(assembly):
    return reckoned(assembly)


def test_a_day_without_customers_costs_less_than_five_dollars(reckoning):
    assert 3 < reckoning.day() < 5


def test_every_type_in_the_templates_has_a_price_or_a_reason_to_have_none(templates):
    prices = Prices.read()
    types = {made.type for made in every(templates)}

    assert types <= set(prices.free) | set(PRICED)
    assert not set(prices.free) & set(PRICED)
    assert all(len(reason.split()) >= 2 for reason in prices.free.values())


def test_a_type_that_the_table_does_not_know_is_an_error(assembly, tmp_path):
    more = tmp_path / "cdk.out"
    shutil.copytree(assembly, more)
    (more / "shop-x-new.template.json").write_text(json.dumps({"Resources": {"One": {"Type": "AWS::EC2::NatGateway"}}}))

    with pytest.raises(Failed, match="AWS::EC2::NatGateway"):
        reckoned(more)


def test_a_size_that_the_table_does_not_know_is_an_error(assembly, tmp_path):
    more = tmp_path / "cdk.out"
    shutil.copytree(assembly, more)
    file = next(more.glob("*-data.template.json"))
    file.write_text(file.read_text().replace("db.t4g.micro", "db.r8g.large"))

    with pytest.raises(Failed, match=r"rds\.db\.r8g\.large"):
        reckoned(more)


def test_tasks_cost_what_their_templates_say(assembly, templates, tmp_path):
    prices = Prices.read()
    cpu = sum(
        int(task.properties["Cpu"]) / 1024 * prices.of("fargate.vcpu", 24)
        for task in every(templates, "AWS::ECS::TaskDefinition")
    )
    line = next(one for one in bill(assembly, prices).lines if one.what == "Fargate vCPU")
    assert line.day == pytest.approx(cpu)

    twice = tmp_path / "cdk.out"
    shutil.copytree(assembly, twice)
    file = next(twice.glob("*-services.template.json"))
    file.write_text(file.read_text().replace('"DesiredCount": 1', '"DesiredCount": 2'))
    assert next(o for o in bill(twice, prices).lines if o.what == "Fargate vCPU").day == pytest.approx(2 * cpu)


def test_every_price_says_where_it_is_from(reckoning):
    prices = reckoning.prices
    assert prices.region == "ap-northeast-1"
    for name, price in prices.table.items():
        assert price["usd"] > 0, name
        assert price["unit"], name
        assert price["source"] in prices.sources, name
        assert price["from"] in {"page", "memory", "assumed"}, name
        assert price["from"] != "assumed" or price.get("note") or name == "codebuild.minute", name


def test_endpoints_in_the_network_are_of_the_kind_that_is_free(templates):
    kinds = [one.properties.get("VpcEndpointType", "Gateway") for one in every(templates, "AWS::EC2::VPCEndpoint")]
    assert kinds
    assert set(kinds) == {"Gateway"}


def test_a_class_costs_what_its_students_do(reckoning):
    told = json.loads(shown(reckoning, orders=100, students=30, as_json=True))

    assert told["day"] == pytest.approx(told["idleDay"] + told["thousandOrders"] / 10, abs=0.02)
    assert told["classDay"] == pytest.approx(30 * told["day"], rel=0.01)
    text = shown(reckoning, orders=100, students=30, as_json=False)
    assert "30" in text
    assert all(line.what in text for line in reckoning.lines)


@pytest.mark.parametrize("page", ["cost.md", "cost.ja.md"])
def test_the_pages_show_this_very_table(reckoning, page):
    text = (ROOT / "docs" / "aws" / page).read_text(encoding="utf-8")

    assert markdown(reckoning) in text, (
        f"the table of docs/aws/{page} is old; this is the new one:\n{markdown(reckoning)}"
    )
    assert reckoning.prices.date in text
    assert f"{reckoning.day() * 30:.0f}" in text, "the day of a class of 30"
