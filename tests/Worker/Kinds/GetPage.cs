using System.ComponentModel;
using Messaging.Contracts.Kinds;

namespace Messaging.Tests.Worker.Kinds;

/// <summary>
/// Gets a page and waits for its answer: an I/O-bound task that holds a slot, a socket and no thread. Without the limits per host and
/// per worker of <c>http.fetch</c>.
/// </summary>
/// <param name="Url">What to get.</param>
/// <param name="Http">The major version of HTTP: 1, a connection for each request, or 2, a hundred requests to a connection.</param>
[TaskKind("test.get-page", Description = "Gets a page.", Timeout = "PT1M")]
public sealed record GetPage([Description("What to get.")] Uri Url, [Description("The major version of HTTP, 1 or 2.")] int Http = 1) : ITaskInput<int>;
