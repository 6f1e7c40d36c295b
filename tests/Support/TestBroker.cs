using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Messaging.Tests.Support.Servers;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Messaging.Tests.Support;

/// <summary>A fresh virtual host of one fixture on the shared RabbitMQ, made through the management API (a few milliseconds).</summary>
public sealed class TestBroker : IAsyncDisposable
{
    private readonly HttpClient _management;
    private readonly string _name;
    private readonly List<string> _users = [];

    private TestBroker(HttpClient management, string name, Uri uri)
    {
        _management = management;
        _name = name;
        Uri = uri;
    }

    /// <summary>AMQP URI with user, password and the fixture's virtual host.</summary>
    public Uri Uri { get; }

    /// <summary>Makes a virtual host.</summary>
    /// <exception cref="InvalidOperationException">The given RabbitMQ has no management API.</exception>
    public static async Task<TestBroker> CreateAsync(CancellationToken cancellationToken = default) =>
        await CreateAsync(await SharedServers.RabbitMqAsync(), cancellationToken);

    /// <summary>Makes a virtual host on another server.</summary>
    /// <exception cref="InvalidOperationException">It has no management API.</exception>
    public static async Task<TestBroker> CreateAsync(IRabbitMq server, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        var address = server.ManagementUri ?? throw new InvalidOperationException(
            $"The tests need RabbitMQ's management API: set {SharedServers.ManagementVariable} to its address.");
        var user = Uri.UnescapeDataString(address.UserInfo);
        var management = new HttpClient { BaseAddress = address };
        management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        var name = $"test-{Guid.NewGuid():N}";
        await PutAsync(management, $"api/vhosts/{name}", new { }, cancellationToken);
        await PutAsync(
            management,
            $"api/permissions/{name}/{user.Split(':')[0]}",
            new { configure = ".*", write = ".*", read = ".*" },
            cancellationToken);
        return new TestBroker(management, name, new UriBuilder(server.Uri) { Path = name }.Uri);
    }

    /// <summary>Makes a user who may do only so much in this virtual host, and answers the AMQP URI to connect as him. He goes with the virtual host.</summary>
    /// <param name="configure">What he may declare and delete, a regular expression as <c>rabbitmqctl set_permissions</c> takes it.</param>
    /// <param name="write">Where he may publish to.</param>
    /// <param name="read">What he may consume and bind to.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Uri> AddUserAsync(string configure, string write, string read, CancellationToken cancellationToken = default)
    {
        var name = $"test-{Guid.NewGuid():N}";
        await PutAsync(_management, $"api/users/{name}", new { password = name, tags = "" }, cancellationToken);
        _users.Add(name);
        await PutAsync(_management, $"api/permissions/{_name}/{name}", new { configure, write, read }, cancellationToken);
        return new UriBuilder(Uri) { UserName = name, Password = name }.Uri;
    }

    /// <summary>Messages that wait in a queue, not counting those at a consumer; null when there is no such queue.</summary>
    public async Task<uint?> ReadyMessagesAsync(string queue, CancellationToken cancellationToken = default)
    {
        await using var connection = await new ConnectionFactory { Uri = Uri }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount;
        }
        catch (OperationInterruptedException missing) when (missing.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return null;
        }
    }

    /// <summary>Cuts every connection into this virtual host, as a network that breaks would. Clients see an error and reconnect.</summary>
    /// <returns>How many were cut. A connection younger than about 5 s may not be known to the management API yet.</returns>
    public async Task<int> CutConnectionsAsync(CancellationToken cancellationToken = default)
    {
        var connections = await _management.GetFromJsonAsync<NamedConnection[]>(
            string.Create(CultureInfo.InvariantCulture, $"api/vhosts/{_name}/connections?columns=name"), cancellationToken) ?? [];
        foreach (var connection in connections)
        {
            using var answer = await _management.DeleteAsync(
                new Uri($"api/connections/{Uri.EscapeDataString(connection.Name)}", UriKind.Relative), cancellationToken);
        }

        return connections.Length;
    }

    /// <summary>Removes the virtual host with all its queues, connections and users.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var user in _users)
        {
            using var removed = await _management.DeleteAsync(new Uri($"api/users/{user}", UriKind.Relative));
        }

        using var answer = await _management.DeleteAsync(new Uri($"api/vhosts/{_name}", UriKind.Relative));
        _management.Dispose();
        if (answer.StatusCode != HttpStatusCode.NotFound)
            answer.EnsureSuccessStatusCode();
    }

    private static async Task PutAsync<T>(HttpClient management, string path, T body, CancellationToken cancellationToken)
    {
        using var answer = await management.PutAsJsonAsync(path, body, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private sealed record NamedConnection(string Name);
}
