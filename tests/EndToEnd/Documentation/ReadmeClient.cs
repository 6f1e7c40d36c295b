using Messaging.Contracts.Client;
using Messaging.Contracts.Kinds;

namespace Messaging.Tests.EndToEnd.Documentation;

/// <summary>The C# of README.md. A test compares the two; the address is the only difference.</summary>
internal static class ReadmeClient
{
    public static async Task<DebugEchoResult> RunAsync(string messaging)
    {
        using var client = new HttpTaskClient(new MessagingClientOptions { BaseAddress = new Uri(messaging) }); // or services.AddMessagingClient(…)
        var handle = await client.SubmitAsync(new DebugEcho("hello", Wait: TimeSpan.FromSeconds(1))); // it is stored
        var result = await handle; // or TaskFailedException
        return result;
    }
}
