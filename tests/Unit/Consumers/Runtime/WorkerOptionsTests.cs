using Messaging.Consumers.Runtime;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Messaging.Tests.Unit.Consumers.Runtime;

public sealed class WorkerOptionsTests
{
    [Test]
    public void Without_settings_a_worker_takes_from_the_default_queue_with_100_slots()
    {
        var options = Read();

        Assert.That(options.QueueNames, Is.EqualTo(["default"]));
        Assert.That(options.Concurrency, Is.EqualTo(100));
        Assert.That(options.HandBackAfter, Is.EqualTo(TimeSpan.FromSeconds(2)));
        Assert.That(options.DrainTimeout, Is.EqualTo(TimeSpan.FromSeconds(25)));
        Assert.That(options.HealthPort, Is.Zero);
    }

    [Test]
    public void The_command_line_has_short_names()
    {
        var configuration = new ConfigurationBuilder()
            .AddCommandLine(["--queues", "mail, reports", "--concurrency", "7"], WorkerOptions.Switches)
            .Build();

        var options = WorkerOptions.Read(configuration);

        Assert.That(options.QueueNames, Is.EqualTo(["mail", "reports"]));
        Assert.That(options.Concurrency, Is.EqualTo(7));
    }

    [TestCase(1, 4)]
    [TestCase(10_000, 10_000)]
    [TestCase(100_000, 20_000)]
    public void As_many_deliveries_as_slots_may_be_in_hand_so_that_tasks_that_go_alone_fill_them(int concurrency, int prefetch) =>
        Assert.That(new WorkerOptions { Concurrency = concurrency }.Prefetch, Is.EqualTo(prefetch));

    [TestCase("Queues", " , ", "at least one queue name")]
    [TestCase("Queues", "mail,Mail Box", "'Mail Box'")]
    [TestCase("Queues", "mail,mail", "'mail' more than once")]
    [TestCase("Concurrency", "many", "'many'")]
    [TestCase("Concurrency", "0", "'0'; it must be from 1 to 100000")]
    [TestCase("HandBackAfter", "00:02:00", "it must be from 00:00:00.05 to 00:01:00")]
    [TestCase("AckAfter", "00:20:00", "it must be from 00:00:00.1 to 00:10:00")]
    [TestCase("AckAfter", "00:00:01", "no less than Messaging:Worker:HandBackAfter, 00:00:02")]
    [TestCase("HandlerGrace", "-00:00:01", "it must be from 00:00:00 to 01:00:00")]
    [TestCase("DrainTimeout", "02:00:00", "it must be from 00:00:00 to 01:00:00")]
    [TestCase("HealthPort", "65536", "a port, or 0 for none")]
    [TestCase("HealthAddress", "everywhere", "an IP address")]
    public void A_value_out_of_bounds_is_named_with_its_bounds(string setting, string value, string expected)
    {
        Assert.That(
            () => Read((setting, value)),
            Throws.InstanceOf<OptionsValidationException>().With.Message.Contains($"Messaging:Worker:{setting}").And.Message.Contains(expected));
    }

    private static WorkerOptions Read(params (string Setting, string Value)[] settings) => WorkerOptions.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>($"{WorkerOptions.Section}:{s.Setting}", s.Value)))
        .Build());
}
