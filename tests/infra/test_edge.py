"""The HTTP API answers what the route table says."""

from tests.infra.reading import flat, resources

from shop.contracts.routes import ROUTES


def test_every_route_leads_to_its_service_and_whatever_else_to_edge(templates):
    template = templates["edge"]
    targets = {one["RouteKey"]: flat(one["Target"]) for one in resources(template, "AWS::ApiGatewayV2::Route")}

    gets = {f"HEAD {route.path}" for route in ROUTES if route.method == "GET"}
    assert set(targets) == {f"{route.method} {route.path}" for route in ROUTES} | gets | {"$default"}
    for route in ROUTES:
        assert targets[f"{route.method} {route.path}"].startswith(
            f"integrations/{route.service.capitalize()}Integration"
        )
    assert targets["$default"].startswith("integrations/EdgeIntegration")


def test_containers_are_reached_by_the_private_link_and_functions_by_this_api_alone(templates):
    template = templates["edge"]
    kinds = {}
    for name, made in template["Resources"].items():
        if made["Type"] == "AWS::ApiGatewayV2::Integration":
            kinds[name.removesuffix("Integration")] = made["Properties"]["IntegrationType"]

    assert kinds == {
        "Catalog": "HTTP_PROXY",
        "Orders": "HTTP_PROXY",
        "Users": "AWS_PROXY",
        "Inventory": "AWS_PROXY",
        "Notifications": "AWS_PROXY",
        "Edge": "AWS_PROXY",
    }
    for permission in resources(template, "AWS::Lambda::Permission"):
        assert "execute-api" in flat(permission["SourceArn"])
        assert "Api" in flat(permission["SourceArn"])


def test_the_api_is_changed_one_step_after_the_other(templates):
    """CloudFormation does at once what does not wait, and API Gateway refuses most of a hundred changes at once."""
    kinds = {"AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Route"}
    made = {name: one for name, one in templates["edge"]["Resources"].items() if one["Type"] in kinds}
    after = {name: set(one.get("DependsOn", [])) & set(made) for name, one in made.items()}

    first = [name for name, before in after.items() if not before]
    awaited = [before for each in after.values() for before in each]
    assert len(first) == 1
    assert len(awaited) == len(set(awaited)) == len(made) - 1, "each waits for one, and no two for the same"


def test_the_stage_is_throttled_and_writes_an_access_log_that_needs_no_policy_of_its_own(templates):
    stage = resources(templates["front"], "AWS::ApiGatewayV2::Stage")[0]
    group = resources(templates["front"], "AWS::Logs::LogGroup")[0]

    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 500
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 1000
    assert group["LogGroupName"].startswith("/aws/vendedlogs/shop/")
