using Messaging.Infrastructure.Broker;

namespace Messaging.Tests.Unit.Infrastructure.Broker;

public sealed class ClientTimersTests
{
    [TestCase(
        """
           at RabbitMQ.Client.ConsumerDispatching.ConsumerDispatcherChannelBase.InternalShutdownAsync()
           at RabbitMQ.Client.Framing.Connection.FinishCloseAsync(CancellationToken cancellationToken)
           at RabbitMQ.Client.Framing.Connection.HeartbeatReadTimerCallback(Object state)
           at System.Threading.Tasks.Task.<>c.<ThrowAsync>b__124_1(Object state)
        """,
        true)]
    [TestCase("   at RabbitMQ.Client.Framing.Connection.HeartbeatWriteTimerCallback(Object state)", true)]
    [TestCase("   at RabbitMQ.Client.Framing.Connection.MainLoop()", false)]
    [TestCase("   at Messaging.Consumers.Runtime.TaskRunner.RunAsync()", false)]
    [TestCase(null, false)]
    public void Only_what_a_heartbeat_throws_is_let_pass(string? trace, bool passes) =>
        Assert.That(ClientTimers.IsOfHeartbeat(new Traced(trace)), Is.EqualTo(passes));

    private sealed class Traced(string? trace) : Exception
    {
        public override string? StackTrace => trace;
    }
}
