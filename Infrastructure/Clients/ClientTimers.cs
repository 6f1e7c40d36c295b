using System.Runtime.ExceptionServices;

namespace Messaging.Infrastructure.Clients;

/// <summary>
/// What client libraries throw on a timer's thread, where nobody can catch it, would end the process. Two sorts are known; with both a connection is
/// dead, which whoever uses it learns by itself, and nothing is lost by letting them pass:
/// <list type="bullet">
/// <item>RabbitMQ.Client 7.1.2 looks after its heartbeats in <c>async void</c> timer callbacks, and throws while it closes a connection that has
/// gone silent (seen: <c>ChannelClosedException</c>, when a frozen broker woke up while the bus was being replaced).</item>
/// <item>Npgsql 10.0 cancels a command in the callback of its token, also when that is a time limit which runs out at the moment at which the connection breaks
/// and is disposed (seen: <c>ObjectDisposedException</c>, when connections were cut under load; npgsql/npgsql#6415 is of its kind). The token is cancelled all
/// the same, and its other callbacks have run.</item>
/// </list>
/// </summary>
public static class ClientTimers
{
    private static readonly (string Frame, string What)[] Known =
    [
        ("RabbitMQ.Client.Framing.Connection.Heartbeat", "A heartbeat of RabbitMQ.Client failed while it closed a dead connection"),
        ("Npgsql.Internal.NpgsqlConnector.PerformImmediateUserCancellation", "Npgsql failed to cancel a command on a dead connection"),
    ];

    private static int _kept;

    /// <summary>
    /// Keeps those exceptions, and no others, from ending this process; they go to the error output. For the main program of a process. Does
    /// nothing if the process has a handler of its own for unhandled exceptions.
    /// </summary>
    public static void KeepFromEndingTheProcess()
    {
        if (Interlocked.Exchange(ref _kept, 1) == 1)
            return;
        try
        {
            ExceptionHandling.SetUnhandledExceptionHandler(LetPass);
        }
        catch (InvalidOperationException e)
        {
            Console.Error.WriteLine($"What a client library throws in a timer may end this process: {e.Message}");
        }
    }

    /// <summary>What has happened, if it is one of those that may pass; null if not.</summary>
    internal static string? Recognise(Exception exception)
    {
        // A token collects what its callbacks throw: all of it must be known.
        if (exception is AggregateException { InnerExceptions: { Count: > 0 } several })
            return several.Select(Recognise).Aggregate((one, other) => one is null || other is null ? null : one);
        return Array.Find(Known, known => exception.StackTrace?.Contains(known.Frame, StringComparison.Ordinal) == true).What;
    }

    private static bool LetPass(Exception exception)
    {
        if (Recognise(exception) is not { } what)
            return false;
        Console.Error.WriteLine($"{what}: {exception.Message}");
        return true;
    }
}
