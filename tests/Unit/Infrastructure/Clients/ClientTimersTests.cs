using Messaging.Infrastructure.Clients;

namespace Messaging.Tests.Unit.Infrastructure.Clients;

public sealed class ClientTimersTests
{
    private const string Cancellation =
        """
           at System.Threading.ManualResetEventSlim.Wait(Int32 millisecondsTimeout, CancellationToken cancellationToken)
           at Npgsql.Internal.NpgsqlConnector.PerformImmediateUserCancellation()
           at System.Threading.ExecutionContext.RunInternal(ExecutionContext executionContext, ContextCallback callback, Object state)
        """;

    [TestCase(
        """
           at RabbitMQ.Client.ConsumerDispatching.ConsumerDispatcherChannelBase.InternalShutdownAsync()
           at RabbitMQ.Client.Framing.Connection.FinishCloseAsync(CancellationToken cancellationToken)
           at RabbitMQ.Client.Framing.Connection.HeartbeatReadTimerCallback(Object state)
           at System.Threading.Tasks.Task.<>c.<ThrowAsync>b__124_1(Object state)
        """,
        true)]
    [TestCase("   at RabbitMQ.Client.Framing.Connection.HeartbeatWriteTimerCallback(Object state)", true)]
    [TestCase(Cancellation, true)]
    [TestCase("   at RabbitMQ.Client.Framing.Connection.MainLoop()", false)]
    [TestCase("   at Npgsql.Internal.NpgsqlConnector.ReadMessage()", false)]
    [TestCase("   at Messaging.Consumers.Runtime.TaskRunner.RunAsync()", false)]
    [TestCase(null, false)]
    public void Only_what_a_clients_timer_throws_is_let_pass(string? trace, bool passes) =>
        Assert.That(ClientTimers.Recognise(new Traced(trace)), passes ? Is.Not.Null : Is.Null);

    [Test]
    public void Of_several_all_must_be_known()
    {
        var known = new AggregateException(new AggregateException(new Traced(Cancellation)), new Traced(Cancellation));
        var mixed = new AggregateException(new Traced(Cancellation), new Traced("   at Messaging.Consumers.Runtime.TaskRunner.RunAsync()"));

        Assert.That(ClientTimers.Recognise(known), Does.Contain("Npgsql"));
        Assert.That(ClientTimers.Recognise(mixed), Is.Null);
        Assert.That(ClientTimers.Recognise(new AggregateException()), Is.Null);
    }

    private sealed class Traced(string? trace) : Exception
    {
        public override string? StackTrace => trace;
    }
}
