using System.Runtime.ExceptionServices;

namespace Messaging.Infrastructure.Broker;

/// <summary>
/// RabbitMQ.Client 7.1.2 looks after its heartbeats in <c>async void</c> timer callbacks. What they throw while they close a connection that
/// has gone silent would end the process (seen: <c>ChannelClosedException</c>, when a frozen broker woke up while the bus was being
/// replaced). Nothing is lost by letting it pass: the connection is dead, and the watches over both buses replace what stays dead.
/// </summary>
public static class ClientTimers
{
    private const string Callback = "RabbitMQ.Client.Framing.Connection.Heartbeat";

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
            Console.Error.WriteLine($"A heartbeat's failure may end this process: {e.Message}");
        }
    }

    /// <summary>True if a heartbeat's timer has thrown it.</summary>
    internal static bool IsOfHeartbeat(Exception exception) => exception.StackTrace?.Contains(Callback, StringComparison.Ordinal) == true;

    private static bool LetPass(Exception exception)
    {
        if (!IsOfHeartbeat(exception))
            return false;
        Console.Error.WriteLine($"A heartbeat of RabbitMQ.Client failed while it closed a dead connection: {exception.Message}");
        return true;
    }
}
