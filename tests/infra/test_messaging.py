"""What services speak through is, on AWS, what the topology declares."""

import pytest
from tests.infra.conftest import LONGEST
from tests.infra.reading import resources

from shop.contracts import topology


@pytest.fixture(scope="session")
def queues(templates):
    return {one["QueueName"]: one for one in resources(templates["messaging"], "AWS::SQS::Queue")}


def named(name):
    return f"shop-{LONGEST}-{name}"


def test_there_are_the_queues_of_the_topology_each_with_its_dead_letters(queues):
    declared = [queue.name for queue in topology.QUEUES]
    behind = [topology.dead_letter_queue(name) for name in declared]

    assert set(queues) == {named(name) for name in declared + behind}
    for queue in topology.QUEUES:
        made = queues[named(queue.name)]
        assert made["RedrivePolicy"]["maxReceiveCount"] == queue.max_receives
        assert made["VisibilityTimeout"] == queue.visibility.total_seconds()
        assert made.get("FifoQueue", False) == queue.fifo
        assert made["SqsManagedSseEnabled"] is True


def test_every_rule_hands_on_the_envelope_to_where_the_topology_says(templates):
    made = {rule["Name"]: rule for rule in resources(templates["messaging"], "AWS::Events::Rule")}

    for rule in topology.RULES:
        found = made[named(rule.name)]
        assert found["EventPattern"] == {"detail-type": list(rule.events)}
        assert [(target["Id"], target["InputPath"]) for target in found["Targets"]] == [
            (rule.queue or rule.topic, "$.detail")
        ]


def test_every_schedule_is_there_and_none_is_under_a_minute(templates):
    made = {one["Name"]: one for one in resources(templates["messaging"], "AWS::Scheduler::Schedule")}

    assert set(made) == {named(schedule.name) for schedule in topology.SCHEDULES}
    for schedule in topology.SCHEDULES:
        expression = made[named(schedule.name)]["ScheduleExpression"]
        assert expression == f"rate({schedule.minutes} minute{'s' if schedule.minutes > 1 else ''})"
