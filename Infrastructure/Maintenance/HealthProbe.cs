using System.Net.Sockets;
using System.Text;

namespace Messaging.Infrastructure.Maintenance;

/// <summary>
/// The verb <c>health URL</c> of both programs: asks a running process how it is, for container engines whose images have no shell and
/// no <c>curl</c>. Nothing of the program itself is started. Engines ask every few seconds, so it speaks HTTP/1.0 (RFC 1945) over a bare
/// socket: an <c>HttpClient</c> doubled the processor time.
/// </summary>
public static class HealthProbe
{
    /// <summary>The verb's name.</summary>
    public const string Verb = "health";

    private const int MostBytes = 8_192;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Asks, and writes the answer to standard output, where <c>docker inspect</c> shows it.</summary>
    /// <param name="address">Such as <c>http://127.0.0.1:8080/health/ready</c>.</param>
    /// <returns>The exit code: 0 for an answer of 200 to 299 within 5 seconds, 1 for all else.</returns>
    public static async Task<int> RunAsync(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp)
        {
            Console.Error.WriteLine($"'{address}' is no http address. Usage: {Verb} http://127.0.0.1:8080/health/ready");
            return 1;
        }

        try
        {
            using var limit = new CancellationTokenSource(Limit);
            var answer = await AskAsync(uri, limit.Token);
            Console.WriteLine(answer);
            return answer.StartsWith('2') ? 0 : 1;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            Console.WriteLine(e is OperationCanceledException ? $"No answer within {Limit.TotalSeconds:0} s." : e.Message);
            return 1;
        }
    }

    /// <summary>Status code and body, a space between.</summary>
    private static async Task<string> AskAsync(Uri uri, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(uri.Host, uri.Port, cancellationToken);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {uri.PathAndQuery} HTTP/1.0\r\nHost: {uri.Authority}\r\n\r\n"), cancellationToken);

        // HTTP/1.0: the answer ends with the connection.
        var buffer = new byte[MostBytes];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        var text = Encoding.UTF8.GetString(buffer, 0, length);
        var body = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return text.StartsWith("HTTP/1.", StringComparison.Ordinal) && text.Split(' ', 3) is [_, { Length: 3 } status, _] && body > 0
            ? $"{status} {text[(body + 4)..]}"
            : throw new IOException("The answer is not HTTP.");
    }
}
