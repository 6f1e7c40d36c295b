using Messaging.Tests.Chaos;

namespace Messaging.Tests.EndToEnd;

/// <summary>A short <c>./dev chaos</c>, always with the same faults in the same order; people choose other seeds.</summary>
[Category("MostlyWaits")]
[Order(2)]
public sealed class ChaosTests
{
    [Test]
    public async Task A_minute_of_faults_loses_nothing_and_records_nothing_twice()
    {
        var report = await new ChaosRun(new ChaosOptions { Duration = TimeSpan.FromMinutes(1), Rate = 100, Seed = 20 }, TestContext.Out.WriteLine).RunAsync(CancellationToken.None);

        report.Write(TestContext.Out);
        Assert.That(report.Ledger.Accepted, Is.GreaterThan(500), "there was a load");
        Assert.That(report.IsClean);
    }
}
