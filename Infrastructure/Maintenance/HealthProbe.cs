namespace Messaging.Infrastructure.Maintenance;

/// <summary>
/// The verb <c>health URL</c> of both programs: asks a running process how it is, for container engines whose images have no shell and
/// no <c>curl</c>. Nothing of the program itself is started.
/// </summary>
public static class HealthProbe
{
    /// <summary>The verb's name.</summary>
    public const string Verb = "health";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Asks, and writes the answer to standard output, where <c>docker inspect</c> shows it.</summary>
    /// <param name="address">Such as <c>http://127.0.0.1:8080/health/ready</c>.</param>
    /// <returns>The exit code: 0 for an answer of 200 to 299 within 5 seconds, 1 for all else.</returns>
    public static async Task<int> RunAsync(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp)
        {
            await Console.Error.WriteLineAsync($"'{address}' is no http address. Usage: {Verb} http://127.0.0.1:8080/health/ready");
            return 1;
        }

        try
        {
            // No proxy: the process is on this host.
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = Limit };
            using var answer = await http.GetAsync(uri);
            Console.WriteLine($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            return answer.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            Console.WriteLine(e.Message);
            return 1;
        }
    }
}
