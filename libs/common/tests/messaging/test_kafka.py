"""Topics have the limits and the retention that the settings say, also those that were there before."""

import gc
import warnings

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError

from common import provision
from common.contracts.user import UserEvent
from common.ids import uuid7
from common.messaging import dead_letters, kafka
from common.settings import MessageSettings


@pytest_asyncio.fixture
async def configuration(services):
    """Return what a topic is configured with."""
    admin = AIOKafkaAdminClient(bootstrap_servers=services.addresses.kafka_bootstrap)
    await admin.start()

    async def of(topic):
        (response,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        return {name: value for name, value, *_ in response.resources[0][4]}

    yield of
    await admin.close()


async def test_topics_are_made_with_limits_that_agree_and_a_retention(services, configuration):
    await services.provisioned("topics")
    events = await configuration(UserEvent.topic)
    dead_letter_topics = await configuration(dead_letters.topic_of("topics"))
    assert events["max.message.bytes"] == "1114112"
    assert dead_letter_topics["max.message.bytes"] == "1179648"
    for config in (events, dead_letter_topics):
        assert config["retention.ms"] == "604800000"
        assert config["segment.ms"] == "43200000"


async def test_a_topic_that_was_there_before_is_configured_where_the_broker_can(
    services, configuration, surroundings
):
    servers, topic = services.addresses.kafka_bootstrap, f"before.{uuid7()}"
    assert await kafka.ensure_topics(servers, {topic: {"min.insync.replicas": "1"}}, 1, 1) == [topic]
    wanted = kafka.topic_config(MessageSettings(event_bytes=100_000, kafka_retention=86_400), 300_000)
    assert await kafka.ensure_topics(servers, {topic: wanted}, 1, 1) == []
    config = await configuration(topic)
    assert config["min.insync.replicas"] == "1"
    if surroundings != "wheels":
        assert wanted.items() <= config.items()


async def test_provisioning_again_with_the_same_settings_changes_no_topic(services):
    settings = provision.ProvisionSettings.model_validate(
        {
            "postgres_admin_url": services.addresses.postgres_admin_url,
            "provision_database_urls": "",
            "kafka_bootstrap_servers": services.addresses.kafka_bootstrap,
        }
    )
    await provision.provision_topics(settings, ["again"])
    assert await provision.provision_topics(settings, ["again"]) == []


async def test_a_producer_that_finds_no_broker_leaves_no_connection_behind(sample):
    nowhere = sample.settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    with warnings.catch_warnings(record=True, action="always") as warned:
        with pytest.raises(KafkaConnectionError):
            await kafka.producer_opener(nowhere)()
        gc.collect()
    assert [str(warning.message) for warning in warned if "Producer" in str(warning.message)] == []


async def test_a_sender_sends_only_while_it_is_open(sample):
    sender = kafka.Sender(kafka.producer_opener(sample.settings))
    await sender.renew()
    first = sender.producer
    await sender.renew()
    assert sender.producer is not first
    await sender.close()
    await sender.close()
    with pytest.raises(RuntimeError, match="not open"):
        assert sender.producer
