
namespace Messaging.Tests.Integration.Http;

/// <summary>A fixture with one producer for all its tests, which run one after the other; each uses tasks of its own.</summary>
[CancelAfter(60_000)]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public abstract class ProducerTest
{
    protected ProducerHarness Producer { get; private set; } = null!;

    [OneTimeSetUp]
    public async Task StartProducer() => Producer = await ProducerHarness.StartAsync();

    [OneTimeTearDown]
    public async Task StopProducer() => await Producer.DisposeAsync();
}
